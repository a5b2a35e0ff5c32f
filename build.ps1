#requires -Version 7.4
<#
.SYNOPSIS
    Builds, tests, shows, measures and packs Bee.
.DESCRIPTION
    build.sh installs what the tasks need and starts this script in artifacts/pwsh, the PowerShell of the build.
.PARAMETER Task
    Build completes module/Bee. Test builds everything and runs every suite. Demo runs an example on processes of its own.
    Bench measures against C. Pack puts the module into a package in artifacts/.
.PARAMETER Configuration
    The build configuration.
.PARAMETER Full
    For Test: adds the long runs, for thirty minutes in all.
.PARAMETER NoBuild
    Uses the last build as it is.
.PARAMETER Arguments
    For Bench: the arguments of the benchmark program.
.EXAMPLE
    ./build.ps1 -Task Test -Full
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Demo', 'Bench', 'Pack')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    [switch] $Full,

    [switch] $NoBuild,

    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Arguments = @()
)

$ErrorActionPreference = 'Stop'
if ([Console]::IsOutputRedirected) { $PSStyle.OutputRendering = 'PlainText' }
$root = $PSScriptRoot
$module = Join-Path $root module Bee
$artifacts = Join-Path $root artifacts

# The suites, with the seconds that each may take on two idle processors: in a quick run and in a full one.
$budgets = [ordered]@{
    'Bee.Ebpf.Tests'           = 100, 300
    'Bee.Oci.Tests'            = 100, 300
    'Bee.Toolchain.Tests'      = 120, 600
    'Bee.Cmdlets.Tests'        = 200, 300
    'Bee.VirtualMachine.Tests' = 150, 400
    'Pester'                   = 100, 120
}

function Invoke-Dotnet {
    <#
    .SYNOPSIS
        Runs dotnet with the arguments. Its output appears only when it fails, and then the build ends.
    #>
    $output = dotnet @args 2>&1
    if ($LASTEXITCODE -ne 0) {
        $output | ForEach-Object { "$_" } | Out-Host
        throw "dotnet $args failed: exit code $LASTEXITCODE"
    }
}

# ---- Build ----

function Get-FileState {
    <#
    .SYNOPSIS
        Returns a line for each file of the pipeline but those in bin and obj: its hash and its path in the project.
    #>
    $input | Where-Object FullName -NotMatch '/(bin|obj)/' | Get-FileHash | ForEach-Object { "$($_.Hash) $($_.Path.Substring($root.Length + 1))" }
}

function Copy-ChangedFile {
    <#
    .SYNOPSIS
        Puts a file in place when it differs. It does so by renaming: a session that has mapped the old file keeps it whole.
    #>
    param([string] $Path, [string] $Destination)
    if ((Test-Path $Destination) -and (Get-FileHash $Path).Hash -eq (Get-FileHash $Destination).Hash) { return }
    $null = New-Item -ItemType Directory -Force (Split-Path $Destination)
    Copy-Item $Path "$Destination.new"
    Move-Item "$Destination.new" $Destination -Force
}

function Publish-CompiledAhead {
    <#
    .SYNOPSIS
        Compiles the cmdlets and their libraries for this machine's processor and returns their folder; $null where that is not possible.
    .DESCRIPTION
        A session's first command then takes less time. The compiler is a package of its own; without it the portable build is used, which
        the runtime compiles as it runs.
    #>
    $folder = Join-Path $artifacts compiled
    $architecture = [Runtime.InteropServices.RuntimeInformation]::OSArchitecture.ToString().ToLowerInvariant()
    dotnet publish "$root/src/Bee.Cmdlets" -c $Configuration -r "linux-$architecture" --self-contained false -p:PublishReadyToRun=true -o $folder -v quiet --nologo *> $null
    if ($LASTEXITCODE -eq 0) { $folder }
}

function Build-Module {
    <#
    .SYNOPSIS
        Completes module/Bee, unless it is complete.
    .DESCRIPTION
        artifacts/module.state has the hash of every file that went into the last build and of every file of the module, and the SDK. The build
        is skipped when all are the same.
    .PARAMETER Compiled
        The projects are compiled already.
    #>
    param([switch] $Compiled)
    $state = Join-Path $artifacts module.state
    $settings = Get-ChildItem $root -File -Force | Where-Object Name -Match '^(build\.ps1|Bee\.psd1|Directory\..*|\.editorconfig|global\.json|nuget\.config)$'
    $sources = @(
        "$Configuration .NET SDK $(dotnet --version)"
        $settings | Get-FileState
        '.config', 'src', 'docs', 'formats', 'examples' | Get-ChildItem -Recurse -File | Get-FileState
    )
    if ((Test-Path $state) -and -not (Compare-Object (Get-Content $state) @($sources; Get-ChildItem $module -Recurse -File | Get-FileState) -SyncWindow 0)) {
        return "module/Bee is up to date: Import-Module $module"
    }

    # Bee.Help refers to the cmdlets, whose folder then holds what the session shares, and no packages.
    if (-not $Compiled) { 'Bee.Help', 'Bee.Isolated' | ForEach-Object { Invoke-Dotnet build "$root/src/$_" -c $Configuration -v quiet --nologo } }
    $shared = Get-ChildItem ((Publish-CompiledAhead) ?? "$root/src/Bee.Cmdlets/bin/$Configuration/net8.0") -Filter *.dll
    # deps/ holds what no session shares. A second copy of a shared assembly there would give its interfaces a second identity.
    $own = Get-ChildItem "$root/src/Bee.Isolated/bin/$Configuration/net8.0" -Filter *.dll | Where-Object Name -NotIn $shared.Name
    $shared | ForEach-Object { Copy-ChangedFile $_ "$module/$($_.Name)" }
    $own | ForEach-Object { Copy-ChangedFile $_ "$module/deps/$($_.Name)" }
    Get-ChildItem $module -Filter *.dll | Where-Object Name -NotIn $shared.Name | Remove-Item
    Get-ChildItem "$module/deps" | Where-Object Name -NotIn $own.Name | Remove-Item

    Copy-ChangedFile "$root/Bee.psd1" "$module/Bee.psd1"
    Get-ChildItem "$root/formats" -Filter *.ps1xml | ForEach-Object { Copy-ChangedFile $_ "$module/$($_.Name)" }
    # New-BeeProgram -Template starts from these.
    Get-ChildItem "$root/examples" -Recurse -File -Include *.c, *.h, bee.yaml |
        ForEach-Object { Copy-ChangedFile $_ (Join-Path $module templates (Resolve-Path $_ -Relative -RelativeBasePath "$root/examples")) }
    # The pages of docs/ as Get-Help reads them. This fails when a page and its cmdlet do not agree.
    Invoke-Dotnet "$root/src/Bee.Help/bin/$Configuration/net10.0/Bee.Help.dll" "$root/docs" "$artifacts/help.xml"
    Copy-ChangedFile "$artifacts/help.xml" "$module/en-US/Bee.Cmdlets.dll-Help.xml"
    @($sources; Get-ChildItem $module -Recurse -File | Get-FileState) | Set-Content $state
    "module/Bee is complete: Import-Module $module"
}

# ---- Test ----

function New-SuiteResult {
    <#
    .SYNOPSIS
        Returns a suite without results.
    #>
    param([string] $Name)
    [pscustomobject]@{ Name = $Name; Passed = 0; Failed = 0; Skipped = 0; Reasons = @{}; Seconds = 0; Budget = 0; Note = '' }
}

function Test-Project {
    <#
    .SYNOPSIS
        Runs a test project and returns the numbers of the trx file that it writes.
    #>
    param([string] $Name, [string] $Results)
    $suite = New-SuiteResult $Name
    $trx = Join-Path $Results "$Name.trx"
    Remove-Item $trx -ErrorAction Ignore
    # A test that hangs is ended and named after eight minutes, so that the run ends.
    dotnet test "$root/tests/$Name" -c $Configuration --no-build --nologo --results-directory $Results --logger "trx;LogFileName=$Name.trx" --logger 'console;verbosity=minimal' --blame-hang --blame-hang-dump-type none --blame-hang-timeout 8m |
        Where-Object { $_ -notmatch '^(Test run for|A total of|Data collector|Results File:|VSTest version|$)|\[SKIP\]$|^  Skipped ' } | Out-Host
    $exit = $LASTEXITCODE
    if (Test-Path $trx) {
        foreach ($result in ([xml] (Get-Content $trx -Raw)).TestRun.Results.UnitTestResult) {
            switch ($result.outcome) {
                'Passed' { $suite.Passed++ }
                'NotExecuted' {
                    $suite.Skipped++
                    $suite.Reasons["$($result.Output.ErrorInfo.Message ?? $result.Output.StdOut)".Trim()]++
                }
                default { $suite.Failed++ }
            }
        }
    }
    if ($exit -ne 0 -and $suite.Failed -eq 0) { $suite.Failed = 1; $suite.Note = "the suite itself failed: exit code $exit" }
    $suite
}

function Test-Pester {
    <#
    .SYNOPSIS
        Runs the Pester files in a PowerShell of their own and returns their numbers.
    #>
    param([string] $Results)
    $suite = New-SuiteResult Pester
    $numbers = Join-Path $Results pester.json
    Remove-Item $numbers -ErrorAction Ignore
    & "$artifacts/pwsh" -NoProfile -NonInteractive -File "$root/tests/Invoke-Pester.ps1" -Results $numbers | Out-Host
    $exit = $LASTEXITCODE
    if (Test-Path $numbers) {
        $read = Get-Content $numbers -Raw | ConvertFrom-Json
        $suite.Passed, $suite.Failed, $suite.Skipped = $read.Passed, $read.Failed, $read.Skipped
        $read.Reasons | ForEach-Object { $suite.Reasons[$_]++ }
    }
    if ($exit -ne 0 -and $suite.Failed -eq 0) { $suite.Failed = 1; $suite.Note = "the suite itself failed: exit code $exit" }
    $suite
}

function Test-Everything {
    <#
    .SYNOPSIS
        Builds everything, runs the suites and says how they went. The last line has the sums.
    #>
    $results = Join-Path $artifacts tests
    $null = New-Item -ItemType Directory -Force $results
    $env:BEE_FULL = $Full ? '1' : $null
    'building everything'
    $all = Measure-Command {
        Invoke-Dotnet build "$root/Bee.slnx" -c $Configuration -v quiet --nologo
        Build-Module -Compiled | Out-Host
        $suites = foreach ($name in $budgets.Keys) {
            $watch = Measure-Command { $suite = $name -eq 'Pester' ? (Test-Pester $results) : (Test-Project $name $results) }
            if ($suite.Passed + $suite.Failed + $suite.Skipped -eq 0) { $suite.Failed = 1; $suite.Note = 'no test ran' }
            $suite.Seconds = $watch.TotalSeconds
            $suite.Budget = $budgets[$name][[int] [bool] $Full]
            if ($suite.Seconds -gt $suite.Budget) { $suite.Note += ' over its budget' }
            $suite
        }
    }
    ''
    foreach ($suite in $suites) {
        '{0,-24} {1,5} passed {2,3} failed {3,4} skipped {4,5:n0} s of {5,4:n0} s  {6}' -f $suite.Name, $suite.Passed, $suite.Failed, $suite.Skipped, $suite.Seconds, $suite.Budget, $suite.Note
        $suite.Reasons.GetEnumerator() | ForEach-Object { "    $($_.Value) skipped: $($_.Key)" }
    }
    '{0:n0} s with the build' -f $all.TotalSeconds
    $sums = 'Passed', 'Failed', 'Skipped' | ForEach-Object { ($suites | Measure-Object $_ -Sum).Sum }
    '{0} passed, {1} failed, {2} skipped' -f $sums
    if ($sums[1] -gt 0) { exit 1 }
}

# ---- Demo ----

function Show-Demo {
    <#
    .SYNOPSIS
        Builds an example and runs it on a shell that starts small programs.
    #>
    $store = Join-Path ([IO.Path]::GetTempPath()) "bee-$(New-Guid)"
    Import-Module $module
    try {
        '', "> Invoke-BeeBuild examples/execsnoop/execsnoop.bpf.c -Tag demo/execsnoop:v1 -Store $store"
        Invoke-BeeBuild examples/execsnoop/execsnoop.bpf.c -Tag demo/execsnoop:v1 -Store $store | Out-Null
        '', "> Get-BeeImage -Store $store"
        Get-BeeImage -Store $store | Out-Host
        if ((id -u) -ne 0) {
            'Running it is skipped: to load a program into the kernel takes root (or CAP_BPF and CAP_PERFMON).'
            return
        }
        # The only processes that the demo watches. The shell ends by itself, seen or not.
        $load = Start-Process sh '-c', '"i=0; while [ $i -lt 100 ]; do uname -sr; id -un; ls -l /etc/hostname; sleep 0.1; i=$((i + 1)); done"' -PassThru -RedirectStandardOutput /dev/null
        try {
            "> Invoke-BeeProgram demo/execsnoop:v1 -Parameter @{ target_pid = $($load.Id) } -MaxEvents 12 | Where-Object comm -ne sleep"
            Invoke-BeeProgram demo/execsnoop:v1 -Store $store -Parameter @{ target_pid = $load.Id } -MaxEvents 12 |
                Where-Object comm -ne sleep | Out-Host
        }
        finally {
            $load | Stop-Process
        }
        'Each row is an object. The program is out of the kernel again, and the store is deleted.'
    }
    finally {
        Remove-Item $store -Recurse -Force
    }
}

# ---- Pack ----

function New-Package {
    <#
    .SYNOPSIS
        Packs the module for every processor: a runtime does not load what was compiled ahead of time for another one.
    #>
    $staged = Join-Path $artifacts package Bee
    Remove-Item $staged -Recurse -ErrorAction Ignore
    $null = New-Item -ItemType Directory -Force (Split-Path $staged)
    Copy-Item $module $staged -Recurse
    Copy-Item "$root/src/Bee.Cmdlets/bin/$Configuration/net8.0/*.dll" $staged
    Copy-Item "$root/LICENSE" $staged
    Compress-PSResource $staged $artifacts -PassThru | ForEach-Object { "packed $(Resolve-Path $_ -Relative -RelativeBasePath $root)" }
}

# ---- Bench ----

function Build-Bench {
    <#
    .SYNOPSIS
        Builds the benchmarks and puts the module's assemblies, which are compiled ahead of time, beside them.
    .DESCRIPTION
        Assemblies next to the executable shadow the module's, and would be compiled in each first call.
    #>
    Invoke-Dotnet build "$root/bench/Bee.Bench" -c Release -v quiet --nologo
    $output = "$root/bench/Bee.Bench/bin/Release/net10.0"
    Get-ChildItem $module -Filter *.dll | Where-Object { Test-Path "$output/$($_.Name)" } | ForEach-Object { Copy-ChangedFile $_ "$output/$($_.Name)" }
}

# ---- Tasks ----

Push-Location $root
try {
    if (-not $NoBuild -and $Task -ne 'Test') { Build-Module }
    switch ($Task) {
        Test { Test-Everything }
        Demo { Show-Demo }
        Pack { New-Package }
        Bench {
            if (-not $NoBuild) { Build-Bench }
            dotnet "$root/bench/Bee.Bench/bin/Release/net10.0/Bee.Bench.dll" @Arguments
            if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
        }
    }
}
finally {
    Pop-Location
}
