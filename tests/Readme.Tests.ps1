# Every block of PowerShell in README.md runs as it stands, in the order of the page, in one fresh session. What it writes goes to a folder that
# has the project's module and examples, and nothing else of it.
Describe 'The README' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $folder = (Get-PSDrive TestDrive).Root
        foreach ($part in 'module', 'examples') { $null = New-Item -ItemType SymbolicLink (Join-Path $folder $part) -Target (Join-Path $root $part) }
        $blocks = [regex]::Matches((Get-Content (Join-Path $root README.md) -Raw), '(?ms)^```powershell\n(.*?)^```').ForEach{ $_.Groups[1].Value }

        $ofRegistries = 'registry|localhost:5000'

        # Runs blocks in a fresh session, and in a store of their own.
        function Invoke-Block([string[]] $Block) {
            Set-Content "$folder/readme.ps1" ("`$ErrorActionPreference = 'Stop'`n" + ($Block -join "`n"))
            $env:BEE_STORE = "$folder/store"
            try {
                Push-Location $folder
                $output = Invoke-PowerShell -File readme.ps1 2>&1
                $LASTEXITCODE | Should -Be 0 -Because ($output -join "`n")
                $output | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] } | Should -BeNullOrEmpty
            }
            finally {
                Pop-Location
                $env:BEE_STORE = $null
            }
        }
    }

    It 'has lines that run as they stand' {
        Skip-WithoutKernel
        $blocks.Count | Should -BeGreaterThan 3
        Invoke-Block ($blocks -notmatch $ofRegistries)
    }
    It 'has lines for registries that run as they stand' {
        Skip-WithoutKernel
        Skip-WithoutRegistry
        # The port is the reader's to choose; here the system does.
        $listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
        $listener.Start()
        $port = $listener.LocalEndpoint.Port
        $listener.Stop()
        try { Invoke-Block (@('Import-Module ./module/Bee') + @($blocks -match $ofRegistries) -replace '\b5000\b', $port) }
        finally {
            # What a line that failed has left.
            Get-Process docker-registry -ErrorAction Ignore | Where-Object { (Get-Item "/proc/$($_.Id)/cwd" -ErrorAction Ignore).Target -eq $folder } | Stop-Process
        }
    }
    It 'has a demo' {
        $output = Invoke-PowerShell -File (Join-Path $root build.ps1) -Task Demo -NoBuild 2>&1
        $LASTEXITCODE | Should -Be 0 -Because ($output -join "`n")
        if ([Environment]::UserName -eq 'root') { $output -join "`n" | Should -Match '(?s)comm.*uname.*/etc/hostname' }
    }
}
