# The pages' blocks of PowerShell run as they stand, in the order of the page, in a fresh session that starts in the clone. Only the images go to a store of the test's own, and
# temporary folders below it.
BeforeAll {
    . $PSScriptRoot/Support.ps1

    # The blocks of a page, as they stand.
    function Get-Block([string] $Text) {
        [regex]::Matches($Text, '(?ms)^```powershell\n(.*?)^```').ForEach{ $_.Groups[1].Value }
    }

    # Runs lines in a fresh session, which must write no message, and returns its output. It goes to files, for a pipe would stay open as long as a process that a line has started
    # and not ended.
    function Invoke-Page([string] $Folder, [string[]] $Line) {
        Set-Content "$Folder/page.ps1" ("`$ErrorActionPreference = 'Stop'`n" + ($Line -join "`n"))
        $file, [string[]] $first = Get-PowerShellCommand
        $environment = "BEE_STORE=$Folder/store", "TMPDIR=$Folder", "PSModulePath=$(Split-Path $module)"
        Push-Location $root
        try {
            env @environment sh -c 'out=$1; shift; exec "$@" >$out/output 2>$out/messages' sh $Folder $file @first -NoProfile -NonInteractive -File "$Folder/page.ps1"
            $LASTEXITCODE | Should -Be 0 -Because (Get-Content "$Folder/output", "$Folder/messages" -Raw)
            Get-Content "$Folder/messages" | Should -BeNullOrEmpty
            Get-Content "$Folder/output" -Raw
        }
        finally {
            Pop-Location
            # What a line that failed has left.
            Get-Process sh, docker-registry -ErrorAction Ignore | Where-Object { (Get-Item "/proc/$($_.Id)/cwd" -ErrorAction Ignore).Target -like "$Folder*" } | Stop-Process
            Remove-Item "$Folder/page.ps1", "$Folder/output", "$Folder/messages"
        }
    }
}

Describe 'The README' {
    BeforeAll {
        $folder = (Get-PSDrive TestDrive).Root
        $tour = (Get-Content "$root/README.md" -Raw) -replace '(?s)^.*(?=\n## A tour)'
        $blocks = Get-Block $tour
        $ofRegistries = 'registry|localhost:5000'
        $left = git -C $root status --porcelain --ignored=matching -- ':!artifacts' ':!**/bin' ':!**/obj'
    }

    It 'has lines that run as they stand' {
        Skip-WithoutKernel
        $blocks.Count | Should -BeGreaterThan 3
        # Stands in for the base that ./build.sh container makes; the tests of containers build and run that one.
        Add-ContainerBase "$folder/store"
        try { $null = Invoke-Page $folder ($blocks -notmatch $ofRegistries) }
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
        $null = Invoke-Page $folder (@($blocks[0..1]; '$shell | Stop-Process'; $blocks -match $ofRegistries) -replace '\b5000\b', $port)
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
Describe 'The page <_>' -ForEach 'metrics.md', 'live-view.md', 'telemetry.md', 'captures.md' {
    It 'has lines that run as they stand, and give something' {
        Skip-WithoutKernel
        $blocks = Get-Block (Get-Content "$root/docs/$_" -Raw)
        $blocks.Count | Should -BeGreaterThan 3
        # What a block shows follows its number, so that one that shows nothing can be told.
        $number = 0
        # The default port of OTLP is another process's; here the system chooses one.
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $port = $listener.LocalEndpoint.Port
        $listener.Stop()
        $output = Invoke-Page (Get-PSDrive TestDrive).Root $(foreach ($block in $blocks) { "'block $((++$number))'"; $block -replace '\b4318\b', $port })
        $shown = $output -split '(?m)^block \d+\r?$' | Select-Object -Skip 1
        # The last block only ends what the others started. One session shows all blocks, so a table without a view of its own would take in what later blocks give, as blank rows.
        for ($i = 0; $i -lt $shown.Count - 1; $i++) { $shown[$i] | Should -Match '\S' -Because "block $($i + 1) shows something" }
    }
}
