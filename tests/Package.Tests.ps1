# The package, installed from a folder as a user would. PSResourceGet stores its list of repositories in the user's folders, so the test has its own.
Describe 'The package' -Tag Unloaded {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $folder = (Get-PSDrive TestDrive).Root
        $packed = Invoke-PowerShell -File "$root/build.ps1" -Task Pack -NoBuild 2>&1
        $LASTEXITCODE | Should -Be 0 -Because ($packed -join "`n")
        $manifest = Import-PowerShellDataFile "$root/Bee.psd1"
        $version = $manifest.ModuleVersion
        $label = $manifest.PrivateData.PSData.Prerelease
        $package = "$root/artifacts/Bee.$($label ? "$version-$label" : $version).nupkg"
        $null = New-Item -ItemType Directory "$folder/home"
        $install = [regex]::Match((Get-Content "$root/README.md" -Raw), '(?ms)^## Install.*?^```powershell\n(.*?)^```').Groups[1].Value

        # Runs a script with its own home folder, and returns its output through JSON.
        function Invoke-AtHome([string] $Script) {
            $start = Get-PowerShellStart -Command "`$ErrorActionPreference = 'Stop'; `$ProgressPreference = 'SilentlyContinue'; $Script"
            $start.Environment['HOME'] = "$folder/home"
            'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'PSModulePath', 'BEE_STORE' | ForEach-Object { $null = $start.Environment.Remove($_) }
            $start.WorkingDirectory = "$root/artifacts"
            $start.RedirectStandardOutput = $start.RedirectStandardError = $true
            $process = [Diagnostics.Process]::Start($start)
            $messages = $process.StandardError.ReadToEndAsync()
            $output = $process.StandardOutput.ReadToEnd()
            $process.WaitForExit()
            $messages.Result | Should -BeNullOrEmpty
            $process.ExitCode | Should -Be 0
            $output.TrimEnd() -split "`n"
        }
    }

    It 'is installed with the lines of the README, and its cmdlets run' {
        $lines = Invoke-AtHome @"
$install
Set-Location ~
(Get-Module Bee).ModuleBase
(Get-Module Bee).Version.ToString()
(Get-Command -Module Bee).Count
(Get-Help Get-BeeImage).Synopsis
(New-BeeProgram ./opens -Template opensnoop).Name
(Invoke-BeeBuild ./opens -Tag opens:v1).Reference
(Get-BeeImage).Reference
"@
        $lines[0] | Should -BeLike "$folder/home/*/Bee/$version"
        $lines[1] | Should -Be $version
        $lines[2] | Should -Be (Get-Command -Module Bee).Count
        $lines[3] | Should -Be (Get-Help Get-BeeImage).Synopsis
        $lines[4..5] | Should -Be 'bee.yaml', 'opens.bpf.c'
        $lines[6..7] | Should -Be 'opens:v1', 'opens:v1'
    }
    It 'has a description' {
        $found = Invoke-AtHome '$found = Find-PSResource Bee -Repository Bee; $found.Version.ToString(), $found.Author, "$($found.Tags)"'
        $found[0..1] | Should -Be $version, 'The Bee authors'
        $found[2] | Should -Match '\beBPF\b'
    }
    It 'has every file of the module, the license, and no assembly for one processor' {
        $zip = [IO.Compression.ZipFile]::OpenRead($package)
        try { $names = $zip.Entries.FullName } finally { $zip.Dispose() }
        Get-ChildItem $module -Recurse -File | ForEach-Object { [IO.Path]::GetRelativePath($module, $_) | Should -BeIn $names }
        $names | Should -Contain LICENSE
        $lines = Invoke-AtHome '(Get-ChildItem (Get-Module Bee -ListAvailable).ModuleBase -Filter Bee.*.dll).ForEach{ $r = [Reflection.PortableExecutable.PEReader]::new([IO.File]::OpenRead($_)); "$($_.Name) $($r.PEHeaders.CorHeader.ManagedNativeHeaderDirectory.Size)" }'
        $lines | Should -Not -BeNullOrEmpty
        $lines | Should -Match ' 0$'
    }
}
