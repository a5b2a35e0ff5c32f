# Runs the PowerShell blocks of the pages unchanged, in the order of the page, in a fresh session that starts in the clone; see Start-Page.
BeforeDiscovery { $pages = 'metrics.md', 'live-view.md', 'telemetry.md', 'captures.md' }

BeforeAll {
    . $PSScriptRoot/Support.ps1
}

Describe 'The README' {
    BeforeAll {
        $folder = (Get-PSDrive TestDrive).Root
        $tour = (Get-Content "$root/README.md" -Raw) -replace '(?s)^.*(?=\n## A tour)'
        $blocks = Get-Block $tour
        $ofRegistries = 'localhost:5000'
        $registry = Get-Block (Get-Content "$root/docs/registries.md" -Raw)
        $left = git -C $root status --porcelain --ignored=matching -- ':!artifacts' ':!**/bin' ':!**/obj'
    }

    It 'has lines that run as they stand' {
        Skip-WithoutKernel
        $blocks.Count | Should -BeGreaterThan 3
        $null = Invoke-Page $folder ($blocks -notmatch $ofRegistries)
        Get-BeeImage -Store "$folder/store" | Should -BeNullOrEmpty
    }
    It 'has lines for registries that run as they stand, and leave nothing' {
        Skip-WithoutKernel
        Skip-WithoutRegistry
        # The system chooses the port, because 5000 may be in use.
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $port = $listener.LocalEndpoint.Port
        $listener.Stop()
        $before = Get-ChildItem $folder
        # The first block makes the folder, the second one an image, and the last one removes both. The page of registries starts and stops the registry.
        $null = Invoke-Page $folder (@($blocks[0..1]; $registry[0]; $blocks -match $ofRegistries; $registry[-1]; $blocks[-1]) -replace '\b5000\b', $port)
        Get-BeeImage -Store "$folder/store" | Should -BeNullOrEmpty
        (Get-ChildItem $folder).Name | Should -Be $before.Name
    }
    It 'has a demo' {
        $output = Invoke-PowerShell -File "$root/build.ps1" -Task Demo -NoBuild 2>&1
        $LASTEXITCODE | Should -Be 0 -Because ($output -join "`n")
        $output | Where-Object { $_ -is [Management.Automation.ErrorRecord] } | Should -BeNullOrEmpty
        $output -join "`n" | Should -Match '(?m)^demo/execsnoop +v1 '
        if ([Environment]::UserName -eq 'root') { $output -join "`n" | Should -Match '(?s)comm.*uname.*ls -l /etc/hostname' }
    }
    It 'leaves the clone as it was' {
        git -C $root status --porcelain --ignored=matching -- ':!artifacts' ':!**/bin' ':!**/obj' | Should -Be $left
    }
    It 'has no tabs, which a prompt drops when they are pasted: <_>' -ForEach @(
        Get-ChildItem "$PSScriptRoot/../README.md", "$PSScriptRoot/../CONTRIBUTING.md", "$PSScriptRoot/../docs/*.md", "$PSScriptRoot/../examples/*/README.md" |
            ForEach-Object { Resolve-Path $_ -Relative -RelativeBasePath "$PSScriptRoot/.." }
    ) {
        (Get-Content "$root/$_") -match "`t" | Should -BeNullOrEmpty
    }
}

# Each page in a fresh session, on processes that its first block starts. The pages mostly wait, so they run side by side.
Describe 'A page' -ForEach @{ Pages = $pages } {
    BeforeAll {
        $sessions = @{}
        foreach ($page in (Get-KernelObstacle) ? @() : $Pages) {
            $blocks = Get-Block (Get-Content "$root/docs/$page" -Raw)
            # Prints the number of each block, to find one that shows nothing.
            $number = 0
            # The system chooses the port, because the default port of OTLP may be in use.
            $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
            $listener.Start()
            $port = $listener.LocalEndpoint.Port
            $listener.Stop()
            $folder = Join-Path (Get-PSDrive TestDrive).Root $page
            $null = New-Item -ItemType Directory $folder
            $sessions[$page] = @{
                Blocks = $blocks.Count; Folder = $folder
                Process = Start-Page $folder $(foreach ($block in $blocks) { "'block $((++$number))'"; $block -replace '\b4318\b', $port })
            }
        }
    }
    AfterAll { $sessions.Values.Process | Where-Object { -not $_.HasExited } | ForEach-Object { $_.Kill($true) } }

    It 'has lines that run as they stand, and give something: <_>' -ForEach $pages {
        Skip-WithoutKernel
        $session = $sessions[$_]
        $session.Blocks | Should -BeGreaterThan 3
        $output = Wait-Page $session.Process $session.Folder
        $shown = $output -split '(?m)^block \d+\r?$' | Select-Object -Skip 1
        # The last block only stops processes. All blocks share one session, so a table without a view would absorb the output of later blocks as blank rows.
        for ($i = 0; $i -lt $shown.Count - 1; $i++) { $shown[$i] | Should -Match '\S' -Because "block $($i + 1) shows something" }
    }
}
