# Every block of PowerShell in README.md runs as it stands, in the order of the page, in one fresh session in the project's folder.
Describe 'The README' {
    BeforeAll { . $PSScriptRoot/Support.ps1 }

    It 'has lines that run as they stand' {
        Skip-WithoutKernel
        $text = Get-Content (Join-Path $root README.md) -Raw
        $blocks = [regex]::Matches($text, '(?ms)^```powershell\n(.*?)^```').ForEach{ $_.Groups[1].Value }
        $blocks.Count | Should -BeGreaterThan 3
        $script = Join-Path (Get-PSDrive TestDrive).Root readme.ps1
        Set-Content $script ("`$ErrorActionPreference = 'Stop'`n" + ($blocks -join "`n"))
        $env:BEE_STORE = Join-Path (Get-PSDrive TestDrive).Root store
        try {
            Push-Location $root
            $output = pwsh -NoProfile -NonInteractive -File $script 2>&1
            $LASTEXITCODE | Should -Be 0 -Because ($output -join "`n")
        }
        finally {
            Pop-Location
            $env:BEE_STORE = $null
        }
    }
}
