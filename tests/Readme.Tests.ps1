# Every block of PowerShell in README.md runs as it stands, in the order of the page, in one fresh session. What it writes goes to a folder that
# has the project's module and examples, and nothing else of it.
Describe 'The README' {
    BeforeAll { . $PSScriptRoot/Support.ps1 }

    It 'has lines that run as they stand' {
        Skip-WithoutKernel
        $text = Get-Content (Join-Path $root README.md) -Raw
        $blocks = [regex]::Matches($text, '(?ms)^```powershell\n(.*?)^```').ForEach{ $_.Groups[1].Value }
        $blocks.Count | Should -BeGreaterThan 3
        $folder = (Get-PSDrive TestDrive).Root
        foreach ($part in 'module', 'examples') { $null = New-Item -ItemType SymbolicLink (Join-Path $folder $part) -Target (Join-Path $root $part) }
        Set-Content "$folder/readme.ps1" ("`$ErrorActionPreference = 'Stop'`n" + ($blocks -join "`n"))
        $env:BEE_STORE = "$folder/store"
        try {
            Push-Location $folder
            $output = pwsh -NoProfile -NonInteractive -File readme.ps1 2>&1
            $LASTEXITCODE | Should -Be 0 -Because ($output -join "`n")
            $output | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] } | Should -BeNullOrEmpty
        }
        finally {
            Pop-Location
            $env:BEE_STORE = $null
        }
    }
    It 'has a demo' {
        $output = pwsh -NoProfile -NonInteractive -File (Join-Path $root build.ps1) -Task Demo -NoBuild 2>&1
        $LASTEXITCODE | Should -Be 0 -Because ($output -join "`n")
        if ([Environment]::UserName -eq 'root') { $output -join "`n" | Should -Match '(?s)comm.*uname.*/etc/hostname' }
    }
}
