#requires -Version 7.4
<#
.SYNOPSIS
    Builds, tests, shows, measures and packs Bee.
.DESCRIPTION
    Runs in PowerShell and in tests/Bee.EngineHost, which has the engine's own commands only: so no Write-Host, Test-Path, Join-Path,
    Select-Object or Remove-Item here, but native commands, .NET calls, and what Microsoft.PowerShell.Core brings.
.PARAMETER Task
    Build completes module/Bee. Test builds everything and runs every suite. Demo runs an example on processes of its own.
    Bench measures against C. Pack puts module/Bee into artifacts/.
.PARAMETER Configuration
    The build configuration.
.PARAMETER NoBuild
    Takes what is built already.
.PARAMETER Arguments
    For Bench: passed on to the benchmark program.
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Demo', 'Bench', 'Pack')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    [switch] $NoBuild,

    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Arguments = @()
)

$ErrorActionPreference = 'Stop'
$root = $PSScriptRoot
$module = [IO.Path]::Combine($root, 'module', 'Bee')

$artifacts = [IO.Path]::Combine($root, 'artifacts')

# Runs a native command and throws when it fails; what it says is shown only then.
function Invoke-Quietly([string] $Command, [string[]] $With) {
    $said = & $Command @With 2>&1
    if ($LASTEXITCODE -ne 0) {
        $said | ForEach-Object { "$_" } | Out-Host
        throw "$Command $($With -join ' ') failed: exit code $LASTEXITCODE"
    }
}

# A folder under the system's temporary one; who asks for it deletes it.
function New-TemporaryFolder { [IO.Directory]::CreateTempSubdirectory('bee-').FullName }

# Puts a file in place by rename, and only when it differs: a session that has the old one mapped keeps it whole.
function Copy-Changed([string] $From, [string] $To) {
    $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($To))
    $bytes = [IO.File]::ReadAllBytes($From)
    if ([IO.File]::Exists($To) -and [Linq.Enumerable]::SequenceEqual[byte]($bytes, [IO.File]::ReadAllBytes($To))) { return }
    [IO.File]::WriteAllBytes("$To.new", $bytes)
    [IO.File]::Move("$To.new", $To, $true)
}

function Get-Project([string] $Folder) { [IO.Directory]::GetFiles([IO.Path]::Combine($root, $Folder), '*.csproj', 'AllDirectories') }

# ---- Build ----

# The cmdlets and their libraries, compiled for this machine's processor ahead of time: that shortens what the first command of a session takes.
# Without the compiler for it (a package of its own) or for other machines there is the portable build, which is compiled as it runs.
function Publish-Ahead([string] $To) {
    $architecture = [Runtime.InteropServices.RuntimeInformation]::OSArchitecture.ToString().ToLowerInvariant()
    dotnet publish "$root/src/Bee.Cmdlets" -c $Configuration -r "linux-$architecture" --self-contained false -p:PublishReadyToRun=true -o $To -v quiet --nologo 2>&1 | Out-Null
    $LASTEXITCODE -eq 0
}

function Build-Module([switch] $Portable) {
    $staged = New-TemporaryFolder
    try {
        # The maker of the help builds the cmdlets too; their folder then holds what the session shares, and nothing of other people's.
        Invoke-Quietly dotnet 'build', "$root/src/Bee.Help", '-c', $Configuration, '-v', 'quiet', '--nologo'
        Invoke-Quietly dotnet 'publish', "$root/src/Bee.Isolated", '-c', $Configuration, '-o', "$staged/Bee.Isolated", '-v', 'quiet', '--nologo'
        $cmdlets = "$root/src/Bee.Cmdlets/bin/$Configuration/net8.0"
        if (-not $Portable -and (Publish-Ahead "$staged/Bee.Cmdlets")) { $cmdlets = "$staged/Bee.Cmdlets" }
        $shared = foreach ($file in [IO.Directory]::GetFiles($cmdlets, '*.dll')) {
            Copy-Changed $file "$module/$([IO.Path]::GetFileName($file))"
            [IO.Path]::GetFileName($file)
        }
        # deps/ holds what no session shares. A second copy of a shared assembly there would give its interfaces a second identity.
        $own = foreach ($file in [IO.Directory]::GetFiles("$staged/Bee.Isolated", '*.dll')) {
            $name = [IO.Path]::GetFileName($file)
            if ($name -notin $shared) {
                Copy-Changed $file "$module/deps/$name"
                $name
            }
        }
        foreach ($file in [IO.Directory]::GetFiles($module, '*.dll')) { if ([IO.Path]::GetFileName($file) -notin $shared) { [IO.File]::Delete($file) } }
        foreach ($file in [IO.Directory]::GetFiles("$module/deps")) { if ([IO.Path]::GetFileName($file) -notin $own) { [IO.File]::Delete($file) } }
        Copy-Changed "$root/Bee.psd1" "$module/Bee.psd1"
        foreach ($file in [IO.Directory]::GetFiles("$root/formats", '*.ps1xml')) { Copy-Changed $file "$module/$([IO.Path]::GetFileName($file))" }
        # What New-BeeProgram -Template starts from.
        foreach ($file in [IO.Directory]::GetFiles("$root/examples", '*', 'AllDirectories')) {
            if ($file -match '(\.[ch]|/bee\.yaml)$') { Copy-Changed $file "$module/templates/$([IO.Path]::GetRelativePath("$root/examples", $file))" }
        }
        # The pages of docs/ as Get-Help reads them. It fails when a page and its cmdlet do not agree.
        Invoke-Quietly dotnet "$root/src/Bee.Help/bin/$Configuration/net10.0/Bee.Help.dll", "$root/docs", "$staged/help.xml"
        Copy-Changed "$staged/help.xml" "$module/en-US/Bee.Cmdlets.dll-Help.xml"
    }
    finally {
        [IO.Directory]::Delete($staged, $true)
    }
    "module/Bee is complete: Import-Module $module"
}

# ---- Test ----

# One suite: a test project run by dotnet test, its numbers read from the trx file that it writes.
function Test-Project([string] $Project, [string] $Results) {
    $name = [IO.Path]::GetFileNameWithoutExtension($Project)
    $trx = "$Results/$name.trx"
    [IO.File]::Delete($trx)
    $watch = [Diagnostics.Stopwatch]::StartNew()
    # A test that hangs is ended and named after eight minutes, so that the whole run has an end.
    dotnet test $Project -c $Configuration --no-build --nologo --results-directory $Results --logger "trx;LogFileName=$name.trx" --logger 'console;verbosity=minimal' --blame-hang --blame-hang-dump-type none --blame-hang-timeout 8m |
        Where-Object { $_ -notmatch '^(Test run for|A total of|Data collector|Results File:|VSTest version|$)|\[SKIP\]$|^  Skipped ' } | Out-Host
    $exit = $LASTEXITCODE
    $suite = @{ Name = $name; Passed = 0; Failed = 0; Skipped = 0; Reasons = @{}; Seconds = $watch.Elapsed.TotalSeconds; Note = '' }
    if ([IO.File]::Exists($trx)) {
        $run = ([xml] [IO.File]::ReadAllText($trx)).TestRun
        foreach ($result in $run.Results.UnitTestResult) {
            switch ($result.outcome) {
                'Passed' { $suite.Passed++ }
                'NotExecuted' {
                    $suite.Skipped++
                    $reason = "$($result.Output.ErrorInfo.Message)"
                    if (-not $reason) { $reason = "$($result.Output.StdOut)".Trim() }
                    $suite.Reasons[$reason]++
                }
                default { $suite.Failed++ }
            }
        }
    }
    if ($exit -ne 0 -and $suite.Failed -eq 0) { $suite.Failed = 1; $suite.Note = "the suite itself failed: exit code $exit" }
    if ($suite.Passed + $suite.Failed + $suite.Skipped -eq 0) { $suite.Failed = 1; $suite.Note = 'no test ran' }
    $suite
}

# The Pester files, in a pwsh of their own, which says its numbers in a file: passed, failed, skipped, then the reasons.
function Test-Pester([string] $Results) {
    $files = [IO.Directory]::GetFiles("$root/tests", '*.Tests.ps1')
    $suite = @{ Name = 'Pester'; Passed = 0; Failed = 0; Skipped = 0; Reasons = @{}; Seconds = 0; Note = '' }
    if (-not $files) { return }
    $pwsh = @(Get-Command pwsh -CommandType Application -ErrorAction Ignore)
    $why = if (-not $pwsh) { 'pwsh is not on PATH' }
    else {
        & $pwsh[0].Path -NoProfile -NonInteractive -Command 'exit [int] -not (Get-Module -ListAvailable Pester | Where-Object { $_.Version -ge [version] "5.0" })'
        if ($LASTEXITCODE -ne 0) { 'pwsh has no Pester 5 or later' }
    }
    if ($why) {
        $suite.Skipped = [regex]::Matches((($files | ForEach-Object { [IO.File]::ReadAllText($_) }) -join "`n"), "(?m)^\s*It\s+['`"]").Count
        $suite.Reasons["$why (counted: the It blocks of $($files.Count) files)"] = $suite.Skipped
        return $suite
    }
    $numbers = "$Results/pester.txt"
    [IO.File]::Delete($numbers)
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $env:BEE_TEST_NUMBERS = $numbers
    & $pwsh[0].Path -NoProfile -NonInteractive -Command "& '$root/tests/Invoke-Pester.ps1'" | Out-Host
    $exit = $LASTEXITCODE
    $env:BEE_TEST_NUMBERS = $null
    $suite.Seconds = $watch.Elapsed.TotalSeconds
    if ([IO.File]::Exists($numbers)) {
        $lines = [IO.File]::ReadAllLines($numbers)
        $suite.Passed, $suite.Failed, $suite.Skipped = [int[]] $lines[0..2]
        foreach ($reason in $lines[3..($lines.Count)]) { if ($reason) { $suite.Reasons[$reason]++ } }
    }
    if ($exit -ne 0 -and $suite.Failed -eq 0) { $suite.Failed = 1; $suite.Note = "the suite itself failed: exit code $exit" }
    $suite
}

function Test-Everything {
    $results = [IO.Path]::Combine($artifacts, 'tests')
    $null = [IO.Directory]::CreateDirectory($results)
    'building everything'
    Invoke-Quietly dotnet 'build', "$root/Bee.slnx", '-c', $Configuration, '-v', 'quiet', '--nologo'
    Build-Module
    $suites = @(
        foreach ($project in Get-Project tests) {
            if ([IO.File]::ReadAllText($project).Contains('Microsoft.NET.Test.Sdk')) { Test-Project $project $results }
        }
        Test-Pester $results
    )
    ''
    $passed = $failed = $skipped = 0
    foreach ($suite in $suites) {
        '{0,-24} {1,5} passed {2,3} failed {3,4} skipped {4,6:n0} s  {5}' -f $suite.Name, $suite.Passed, $suite.Failed, $suite.Skipped, $suite.Seconds, $suite.Note
        foreach ($reason in $suite.Reasons.Keys) { "    $($suite.Reasons[$reason]) skipped: $reason" }
        $passed += $suite.Passed; $failed += $suite.Failed; $skipped += $suite.Skipped
    }
    "$passed passed, $failed failed, $skipped skipped"
    if ($failed -gt 0 -or $passed -eq 0) { exit 1 }
}

# ---- Demo ----

# A shell that starts small programs over and over: the only processes that the demo watches. It ends by itself, seen or not.
function Start-DemoLoad {
    $start = [Diagnostics.ProcessStartInfo]::new('/bin/sh')
    $start.RedirectStandardOutput = $true
    $start.ArgumentList.Add('-c')
    $start.ArgumentList.Add('i=0; while [ $i -lt 100 ]; do uname -sr; id -un; ls -l /etc/hostname; sleep 0.1; i=$((i + 1)); done')
    [Diagnostics.Process]::Start($start)
}

function Show-Demo {
    $store = New-TemporaryFolder
    Import-Module $module
    try {
        '', "> Invoke-BeeBuild examples/execsnoop/execsnoop.bpf.c -Tag demo/execsnoop:v1 -Store $store"
        Invoke-BeeBuild examples/execsnoop/execsnoop.bpf.c -Tag demo/execsnoop:v1 -Store $store | Out-Null
        '', "> Get-BeeImage -Store $store"
        Get-BeeImage -Store $store | Out-Host
        if ([Environment]::UserName -ne 'root') {
            'Running it is skipped: to load a program into the kernel takes root (or CAP_BPF and CAP_PERFMON).'
            return
        }
        $load = Start-DemoLoad
        try {
            "> Invoke-BeeProgram demo/execsnoop:v1 -Parameter @{ target_pid = $($load.Id) } -MaxEvents 12 | Where-Object comm -ne sleep"
            Invoke-BeeProgram demo/execsnoop:v1 -Store $store -Parameter @{ target_pid = $load.Id } -MaxEvents 12 |
                Where-Object comm -ne sleep | Out-Host
        }
        finally {
            $load.Kill($true)
            $load.Dispose()
        }
        'Each row is an object. The program is out of the kernel again, and the store is deleted.'
    }
    finally {
        [IO.Directory]::Delete($store, $true)
    }
}

# ---- Pack ----

# A NuGet package is a zip with three more files, which say what it is.
function New-Package {
    $manifest = Test-ModuleManifest "$module/Bee.psd1"
    $version = "$($manifest.Version)"
    $package = [IO.Path]::Combine($artifacts, "Bee.$version.nupkg")
    $null = [IO.Directory]::CreateDirectory($artifacts)
    [IO.File]::Delete($package)
    # The same files give the same package: one date for all, the one of the sources where it is told.
    $seconds = if ($env:SOURCE_DATE_EPOCH) { [long] $env:SOURCE_DATE_EPOCH } else { 946684800 }
    $date = [DateTimeOffset]::FromUnixTimeSeconds($seconds)
    $escape = { [Security.SecurityElement]::Escape("$args") }
    $files = [ordered] @{
        'Bee.nuspec'          = [Text.Encoding]::UTF8.GetBytes(@"
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2011/08/nuspec.xsd">
  <metadata>
    <id>Bee</id>
    <version>$version</version>
    <authors>$(& $escape $manifest.Author)</authors>
    <description>$(& $escape $manifest.Description)</description>
    <copyright>$(& $escape $manifest.Copyright)</copyright>
    <license type="expression">Apache-2.0</license>
    <tags>PSModule $(& $escape $manifest.Tags)</tags>
  </metadata>
</package>
"@)
        '_rels/.rels'         = [Text.Encoding]::UTF8.GetBytes(@'
<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/Bee.nuspec" Id="manifest" />
</Relationships>
'@)
        'LICENSE'             = [IO.File]::ReadAllBytes("$root/LICENSE")
    }
    foreach ($file in [Linq.Enumerable]::Order([string[]] [IO.Directory]::GetFiles($module, '*', 'AllDirectories'), [StringComparer]::Ordinal)) {
        $files[[IO.Path]::GetRelativePath($module, $file)] = [IO.File]::ReadAllBytes($file)
    }
    $endings = @('rels') + @($files.Keys | ForEach-Object { [IO.Path]::GetExtension($_).TrimStart('.') } | Where-Object { $_ -and $_ -ne 'rels' })
    $types = foreach ($ending in [Linq.Enumerable]::Distinct([string[]] $endings)) {
        $type = if ($ending -eq 'rels') { 'application/vnd.openxmlformats-package.relationships+xml' } else { 'application/octet-stream' }
        "<Default Extension=`"$ending`" ContentType=`"$type`" />"
    }
    $files['[Content_Types].xml'] = [Text.Encoding]::UTF8.GetBytes('<?xml version="1.0" encoding="utf-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">' +
        ($types -join '') + '<Override PartName="/LICENSE" ContentType="application/octet-stream" /></Types>')

    $zip = [IO.Compression.ZipFile]::Open($package, 'Create')
    try {
        foreach ($name in $files.Keys) {
            $entry = $zip.CreateEntry($name)
            $entry.LastWriteTime = $date
            $stream = $entry.Open()
            $stream.Write($files[$name], 0, $files[$name].Length)
            $stream.Dispose()
        }
    }
    finally {
        $zip.Dispose()
    }
    "packed $([IO.Path]::GetRelativePath($root, $package)), $($files.Count) files"
}

# ---- Bench ----

# The runtime takes what lies beside a program in the stead of what a module brings. So the module's own assemblies go there, as they are compiled ahead of time:
# else each first call of a session would be measured with others.
function Build-Bench {
    $bench = "$root/bench/Bee.Bench"
    Invoke-Quietly dotnet 'build', $bench, '-c', 'Release', '-v', 'quiet', '--nologo'
    foreach ($file in [IO.Directory]::GetFiles("$bench/bin/Release/net10.0", 'Bee.*.dll')) {
        $own = "$module/$([IO.Path]::GetFileName($file))"
        if ([IO.File]::Exists($own)) { Copy-Changed $own $file }
    }
}

# ---- Tasks ----

$ExecutionContext.SessionState.Path.PushCurrentLocation('bee-build')
$null = $ExecutionContext.SessionState.Path.SetLocation($root)
try {
    switch ($Task) {
        Build { Build-Module }
        Test { Test-Everything }
        Demo { if (-not $NoBuild) { Build-Module }; Show-Demo }
        Bench {
            if (-not $NoBuild) { Build-Module; Build-Bench }
            dotnet "$root/bench/Bee.Bench/bin/Release/net10.0/Bee.Bench.dll" @Arguments
            if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
        }
        Pack { if (-not $NoBuild) { Build-Module -Portable }; New-Package }
    }
}
finally {
    $null = $ExecutionContext.SessionState.Path.PopLocation('bee-build')
}
