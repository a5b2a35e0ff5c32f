# The packages of the libraries and of the module.
BeforeDiscovery {
    $expected = @{
        'Read events as structs'       = '(?m)^\d+ opened /etc/hostname$'
        'Read events by field name'    = '(?m)^\d+ opened /etc/hostname, \{.*"path":\s*"/etc/hostname".*\}$'
        'Read and write maps'          = '(?m)^[1-9]\d* files opened\nprocess \d+: 1\d\d$'
        'Attach one program'           = '^on_open is attached, link \d+\ndetached$'
        'Push and pull an artifact'    = '^pushed sha256:[0-9a-f]{64}\npulled \d+ bytes$'
        'Read from a registry'         = '/me/readings has v1\napplication/vnd\.oci\.image\.manifest\.v1\+json, \d+ bytes, True$'
        'Sign and verify'              = '^sha256:[0-9a-f]{64} is verified: True$'
        'Serve metrics and capture events' = '(?ms)^bee_opens_opens_total\{key="\d+"\} [1-9]\d*$.*^captured [1-9]\d* events$'
        'Read a capture'               = '(?m)^\{.*"path":\s*"/etc/hostname".*\}$'
        'Sign with an Ed25519 key'     = '^True$'
    }
    # Each block of C# in a README is a sample: a complete program with usings first and types last.
    $samples = foreach ($readme in Get-Item "$PSScriptRoot/../src/*/README.md") {
        $title = $number = 0
        foreach ($part in [regex]::Matches((Get-Content $readme -Raw), '(?ms)^## ([^\n]+)|^```csharp\n(.*?)^```')) {
            if ($part.Groups[1].Success) { $title = $part.Groups[1].Value; continue }
            $number++
            if (-not $expected.Contains($title)) { throw "$($readme): the sample '$title' has no expected output in $PSCommandPath." }
            @{ Expected = $expected[$title]; Package = $readme.Directory.Name; Title = $title; Name = "$($readme.Directory.Name.Replace('.', '')).Sample$number"; Code = $part.Groups[2].Value }
        }
    }
}

BeforeAll {
    . $PSScriptRoot/Support.ps1
    $packed = Invoke-PowerShell -File "$root/build.ps1" -Task Pack -NoBuild 2>&1
    $LASTEXITCODE | Should -Be 0 -Because ($packed -join "`n")
}

# The samples of the packages' READMEs, in a program outside the repository that restores the packages from a folder, as a user's program does.
Describe 'The libraries' -Tag Unloaded -ForEach @{ Samples = $samples } {
    BeforeAll {
        $folder = (Get-PSDrive TestDrive).Root
        $feed = "$root/artifacts/libraries"

        function Invoke-Checked([string] $File) {
            $output = & $File @args 2>&1
            if ($LASTEXITCODE -ne 0) { throw "$File $args failed: $($output -join "`n")" }
            $output
        }

        # Returns a file with the class Sample in a namespace of the sample's name. Its method Main has the statements.
        function ConvertTo-Class([string] $Name, [string] $Code) {
            $lines = $Code.TrimEnd() -split "`n"
            $statements = [array]::FindIndex($lines, [Predicate[string]] { param($line) $line -and $line -notmatch '^using [\w.]+;$' })
            $types = [array]::FindIndex($lines, [Predicate[string]] { param($line) $line -match '^(\[|((public|internal|readonly|sealed|static|unsafe|file) )*(struct|class|record|enum|interface) )' })
            if ($types -lt 0) { $types = $lines.Count }
            "namespace $Name;"
            $lines[0..($statements - 1)]
            'static class Sample', '{', 'public static async Task Main()', '{', 'await Task.CompletedTask;'
            $lines[$statements..($types - 1)]
            '}', '}'
            if ($types -lt $lines.Count) { $lines[$types..($lines.Count - 1)] }
        }

        $version = [regex]::Match((Get-ChildItem $feed -Filter Bee.Ebpf.*).Name, '^Bee\.Ebpf\.(.*)\.nupkg$').Groups[1].Value
        # Third-party packages come from the cache of the build. Bee's come from the folder alone and into a cache of the test, so that none is stale.
        $cache = (Invoke-Checked dotnet nuget locals global-packages --list) -replace '^.*?: '
        Copy-Item "$root/tests/Packages.Console" "$folder/console" -Recurse
        Set-Content "$folder/console/nuget.config" @"
<configuration>
  <config><add key="globalPackagesFolder" value="$folder/packages" /></config>
  <packageSources><clear /><add key="feed" value="$feed" /></packageSources>
  <fallbackPackageFolders><clear /><add key="build" value="$cache" /></fallbackPackageFolders>
</configuration>
"@
        $registry = if (-not (Get-RegistryObstacle)) { Start-Registry "$folder/registry" }
        foreach ($sample in $Samples) {
            $code = $registry ? $sample.Code.Replace('localhost:5000', $registry.Name) : $sample.Code
            ConvertTo-Class $sample.Name $code | Set-Content "$folder/console/$($sample.Name).cs"
        }
        $null = Invoke-Checked dotnet build "$folder/console" -c Release -v quiet --nologo "-p:BeeVersion=$version"

        # The files that the samples read: the C source of the READMEs, and what their commands make.
        $null = New-Item -ItemType Directory "$folder/run"
        foreach ($readme in Get-Item "$root/src/*/README.md") {
            $page = Get-Content $readme -Raw
            if ($page -match '(?ms)^```c\n(.*?)^```') { Set-Content "$folder/run/opens.bpf.c" $Matches[1] }
            foreach ($block in [regex]::Matches($page, '(?ms)^```sh\n(?!dotnet )(.*?)^```')) { $null = Invoke-Checked sh -ec "cd '$folder/run'`n$($block.Groups[1].Value)" }
        }
    }
    AfterAll {
        if ($registry) { $registry.Process | Stop-Process }
    }

    It 'run the sample of <Package>: <Title>' -ForEach $samples {
        if ($Code -match '\bBpfSession\b') { Skip-WithoutKernel }
        if ($Code -match 'localhost:5000') { Skip-WithoutRegistry }
        Push-Location "$folder/run"
        try { $output = Invoke-Checked dotnet "$folder/console/bin/Release/net10.0/Packages.Console.dll" $Name }
        finally { Pop-Location }
        $output -join "`n" | Should -Match $Expected
    }
    It 'have a README, a license, the documentation of their members, and each other in exactly their version' {
        foreach ($package in Get-ChildItem $feed) {
            $name = $package.Name.Substring(0, $package.Name.Length - ".$version.nupkg".Length)
            $zip = [IO.Compression.ZipFile]::OpenRead($package)
            try {
                $zip.Entries.FullName | Should -Contain README.md
                $zip.Entries.FullName | Should -Contain "lib/net8.0/$name.xml"
                $specification = [xml] [IO.StreamReader]::new($zip.GetEntry("$name.nuspec").Open()).ReadToEnd()
            }
            finally { $zip.Dispose() }
            $specification.package.metadata.version | Should -Be $version
            $specification.package.metadata.license.InnerText | Should -Be 'Apache-2.0'
            $own = $specification.GetElementsByTagName('dependency') | Where-Object id -Like 'Bee.*'
            if ($name -ne 'Bee.Posix') { $own | Should -Not -BeNullOrEmpty }
            foreach ($one in $own) { $one.version | Should -Be "[$version]" }
        }
    }
}

# The package, installed from a folder as a user would. PSResourceGet stores its list of repositories in the user's folders, so the test has its own.
Describe 'The package' -Tag Unloaded {
    BeforeAll {
        $folder = (Get-PSDrive TestDrive).Root
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
