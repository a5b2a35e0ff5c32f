# Many hosts: the commands of docs/fleet.md, unchanged, on hosts that the file starts on loopback.
BeforeAll {
    . $PSScriptRoot/Support.ps1

    # Starts hosts, and a process for their tools to watch. The images watch nothing else, whatever a command omits: the hosts are this machine.
    function Start-Fleet([string[]] $Name, [hashtable] $Settings = @{}) {
        $script:load = Start-OpenLoad
        $script:hosts = Start-SshHost $Name $Settings
        $script:path = $env:PATH
        $env:PATH = "$($hosts.Path):$env:PATH"
    }

    function Stop-Fleet {
        if ($hosts) { Stop-SshHost $hosts; $env:PATH = $path }
        if ($load) { $load.Kill($true) }
    }

    # Builds an example that watches the load alone, into a store.
    function Add-Tool([string] $Name, [string] $Store) {
        $folder = (Get-PSDrive TestDrive).Root
        $text = (Get-Content "$root/examples/$Name/$Name.bpf.c" -Raw) -replace 'BEE_PARAM\(pid_t, target_pid, 0\)', "BEE_PARAM(pid_t, target_pid, $($load.Id))"
        $text | Should -Match "target_pid, $($load.Id)\)"
        $null = New-Item -ItemType Directory -Force "$folder/$Name"
        Set-Content "$folder/$Name/$Name.bpf.c" $text
        Invoke-BeeBuild "$folder/$Name/$Name.bpf.c" -Tag "${Name}:v1" -Store $Store
    }
}

Describe 'The page of many hosts' {
    BeforeAll {
        $folder = (Get-PSDrive TestDrive).Root
        if (-not (Get-SshObstacle)) {
            Start-Fleet web1, web2, web3
            $null = Add-Tool opensnoop "$folder/store"
        }
        $page = Get-Content "$root/docs/fleet.md" -Raw
    }
    AfterAll { Stop-Fleet }

    It 'has lines that run as they stand, and give something' {
        Skip-WithoutKernel
        Skip-WithoutSsh
        $blocks = Get-Block $page
        $number = 0
        $output = Invoke-Page $folder $(foreach ($block in $blocks) { "'block $((++$number))'"; $block }) -Environment "PATH=$env:PATH", "HOME=$folder", 'NO_COLOR=1'
        $shown = $output -split '(?m)^block \d+\r?$' | Select-Object -Skip 1
        for ($i = 0; $i -lt $shown.Count; $i++) { $shown[$i] | Should -Match '\S' -Because "block $($i + 1) shows something" }
        # Each event names its host, also in a capture, which may have the events of one host only.
        foreach ($name in 'web1', 'web2') { @($shown -match "$name, None").Count | Should -Be 1 -Because "$name sends events" }
        @($shown -match '\{web[12]\}').Count | Should -BeGreaterThan 0
    }
}

# Nothing is loaded into the kernel.
Describe 'The page of many hosts, without a tool' -Tag Unloaded {
    BeforeAll {
        $folder = (Get-PSDrive TestDrive).Root
        if (-not (Get-SshObstacle)) {
            Start-Fleet web1, web2, web3
            $null = Add-Tool opensnoop "$folder/store"
        }
        $page = Get-Content "$root/docs/fleet.md" -Raw
    }
    AfterAll { Stop-Fleet }

    It 'has lines for CI whose exit code is 1 if a host fails, else 0' {
        Skip-WithoutSsh
        $lines = [regex]::Matches($page, '(?m)^pwsh -NoProfile -Command .*$').Value
        $lines.Count | Should -Be 2
        # Side by side, because each starts PowerShell here and on the hosts.
        $runs = foreach ($line in $lines) { $line; $line -replace 'web1, web2, web3', 'web1, nowhere' }
        $processes = foreach ($run in $runs) {
            $start = [Diagnostics.ProcessStartInfo]::new('sh', [string[]] ('-c', $run))
            $start.Environment['BEE_STORE'] = "$folder/store"
            $start.Environment['PSModulePath'] = Split-Path $module
            $start.RedirectStandardOutput = $start.RedirectStandardError = $true
            [Diagnostics.Process]::Start($start)
        }
        $output = foreach ($process in $processes) {
            $messages = $process.StandardError.ReadToEndAsync()
            $process.StandardOutput.ReadToEnd() + $messages.Result
            $process.WaitForExit()
        }
        $processes.ExitCode | Should -Be 0, 1, 0, 1 -Because ($output -join "`n")
        $output[0] | Should -BeNullOrEmpty
        $output[1] | Should -Match 'nowhere cannot be reached'
        $output[2] | Should -Match 'web1 .* ok'
        $output[3] | Should -Match 'web1 .* ok[\s\S]* FAIL'
    }
    It 'has a login that works' {
        Skip-WithoutSsh
        $block = [regex]::Match($page, '(?ms)^```sh\n(ssh-keygen.*?)^```').Groups[1].Value
        $null = New-Item -ItemType Directory "$folder/.ssh"
        $output = env "HOME=$folder" sh -ec $block 2>&1
        $LASTEXITCODE | Should -Be 0 -Because ($output -join "`n")
        $output[-1] | Should -Match '^PowerShell \d'
    }
}
