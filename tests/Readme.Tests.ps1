# Every block of PowerShell in README.md runs as it stands, in the order of the page, in a fresh session that starts in the clone. Only the images go to a store of the
# test's own, and temporary folders below it.
Describe 'The README' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $folder = (Get-PSDrive TestDrive).Root
        $tour = (Get-Content "$root/README.md" -Raw) -replace '(?s)^.*(?=\n## A tour)'
        $blocks = [regex]::Matches($tour, '(?ms)^```powershell\n(.*?)^```').ForEach{ $_.Groups[1].Value }
        $ofRegistries = 'registry|localhost:5000'
        $left = git -C $root status --porcelain --ignored=matching -- ':!artifacts' ':!**/bin' ':!**/obj'

        # Runs blocks in a fresh session. Its output goes to files, for a pipe would stay open as long as a process that a block has started and not ended.
        function Invoke-Block([string[]] $Block) {
            Set-Content "$folder/readme.ps1" ("`$ErrorActionPreference = 'Stop'`n" + ($Block -join "`n"))
            $file, [string[]] $first = Get-PowerShellCommand
            $environment = "BEE_STORE=$folder/store", "TMPDIR=$folder", "PSModulePath=$(Split-Path $module)"
            Push-Location $root
            try {
                env @environment sh -c 'out=$1; shift; exec "$@" >$out/output 2>$out/messages' sh $folder $file @first -NoProfile -NonInteractive -File "$folder/readme.ps1"
                $LASTEXITCODE | Should -Be 0 -Because (Get-Content "$folder/output", "$folder/messages" -Raw)
                Get-Content "$folder/messages" | Should -BeNullOrEmpty
            }
            finally {
                Pop-Location
                # What a line that failed has left.
                Get-Process sh, docker-registry -ErrorAction Ignore | Where-Object { (Get-Item "/proc/$($_.Id)/cwd" -ErrorAction Ignore).Target -like "$folder*" } | Stop-Process
                Remove-Item "$folder/readme.ps1", "$folder/output", "$folder/messages"
            }
        }
    }

    It 'has lines that run as they stand' {
        Skip-WithoutKernel
        $blocks.Count | Should -BeGreaterThan 3
        # Stands in for the base that ./build.sh container makes; the tests of containers build and run that one.
        Add-ContainerBase "$folder/store"
        try { Invoke-Block ($blocks -notmatch $ofRegistries) }
        finally { Remove-BeeImage bee-base:latest -Store "$folder/store" }
    }
    It 'has lines for registries that run as they stand, and leave nothing' {
        Skip-WithoutKernel
        Skip-WithoutRegistry
        # The port is the reader's to choose; here the system does.
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $port = $listener.LocalEndpoint.Port
        $listener.Stop()
        $before = Get-ChildItem $folder
        # The first block makes the folder, the second one an image, and the last one removes both.
        Invoke-Block (@($blocks[0..1]; '$shell | Stop-Process'; $blocks -match $ofRegistries) -replace '\b5000\b', $port)
        Get-BeeImage -Store "$folder/store" | Should -BeNullOrEmpty
        (Get-ChildItem $folder).Name | Should -Be $before.Name
    }
    It 'has a demo' {
        $output = Invoke-PowerShell -File "$root/build.ps1" -Task Demo -NoBuild 2>&1
        $LASTEXITCODE | Should -Be 0 -Because ($output -join "`n")
        if ([Environment]::UserName -eq 'root') { $output -join "`n" | Should -Match '(?s)comm.*uname.*/etc/hostname' }
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

# The blocks of these pages too: each page in a session of its own, in the order of the page, on processes that its first block starts.
Describe 'The page <_>' -ForEach 'metrics.md', 'live-view.md' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $folder = (Get-PSDrive TestDrive).Root
        $page = $_
        $blocks = [regex]::Matches((Get-Content "$root/docs/$page" -Raw), '(?ms)^```powershell\n(.*?)^```').ForEach{ $_.Groups[1].Value }
    }

    It 'has lines that run as they stand, and give something' {
        Skip-WithoutKernel
        $blocks.Count | Should -BeGreaterThan 3
        # What a block shows follows its number, so that one that shows nothing can be told.
        $number = 0
        $lines = foreach ($block in $blocks) { "'block $((++$number))'"; $block }
        Set-Content "$folder/page.ps1" ("`$ErrorActionPreference = 'Stop'`n" + ($lines -join "`n"))
        $file, [string[]] $first = Get-PowerShellCommand
        $environment = "BEE_STORE=$folder/store", "TMPDIR=$folder", "PSModulePath=$(Split-Path $module)"
        Push-Location $root
        try {
            env @environment sh -c 'out=$1; shift; exec "$@" >$out/output 2>$out/messages' sh $folder $file @first -NoProfile -NonInteractive -File "$folder/page.ps1"
            $LASTEXITCODE | Should -Be 0 -Because (Get-Content "$folder/output", "$folder/messages" -Raw)
            Get-Content "$folder/messages" | Should -BeNullOrEmpty
            $shown = (Get-Content "$folder/output" -Raw) -split '(?m)^block \d+\r?$' | Select-Object -Skip 1
            # The last block only ends what the others started.
            $shown[0..($shown.Count - 2)] | ForEach-Object { $_ | Should -Match '\S' }
        }
        finally {
            Pop-Location
        }
    }
}
