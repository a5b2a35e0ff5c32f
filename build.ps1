#requires -Version 7.4
<#
.SYNOPSIS
    Builds, tests, shows, measures and packs Bee.
.DESCRIPTION
    build.sh installs what the tasks need and starts this script in artifacts/pwsh, the PowerShell of the build.
.PARAMETER Task
    Build completes module/Bee. Test builds everything and runs every suite. Demo runs an example on processes of its own.
    Bench measures against C. Pack puts the module into a package in artifacts/. Container builds the images of deploy/ with podman or docker, and puts the base into the store.
.PARAMETER Configuration
    The build configuration.
.PARAMETER Full
    For Test: adds the long runs, for thirty minutes in all.
.PARAMETER Suite
    For Test: the suites to run, by name or pattern; all without it.
.PARAMETER NoBuild
    Uses the last build as it is.
.PARAMETER Base
    For Container: the system that the base is built on, an image of the engine; "debootstrap" makes one. Debian's image without it, and debootstrap's where that cannot be fetched.
.PARAMETER BaseOnly
    For Container: leaves the builder out, which has clang.
.PARAMETER Arguments
    For Bench: the arguments of the benchmark program.
.EXAMPLE
    ./build.ps1 -Task Test -Full
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Demo', 'Bench', 'Pack', 'Container')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    [switch] $Full,

    [string] $Suite = '*',

    [switch] $NoBuild,

    [string] $Base,

    [switch] $BaseOnly,

    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Arguments = @()
)

$ErrorActionPreference = 'Stop'
if ([Console]::IsOutputRedirected) { $PSStyle.OutputRendering = 'PlainText' }
$root = $PSScriptRoot
$module = Join-Path $root module Bee
$artifacts = Join-Path $root artifacts

# The suites, with the seconds that each may take on two idle processors: in a quick run and in a full one. Those that load programs into this machine's kernel run
# one after the other, and the others beside them.
$lanes = @(
    [ordered]@{ 'Bee.Ebpf.Tests' = 110, 140; 'Bee.Cmdlets.Tests' = 300, 360; 'Pester' = 150, 170 }
    [ordered]@{ 'Bee.Architecture.Tests' = 10, 10; 'Bee.Posix.Tests' = 10, 10; 'Bee.Collaborators.Tests' = 30, 30; 'Bee.Telemetry.Tests' = 60, 120; 'Bee.Terminal.Tests' = 45, 80; 'Bee.Toolchain.Tests' = 90, 180; 'Bee.VirtualMachine.Tests' = 190, 200; 'Bee.Container.Tests' = 60, 150; 'Bee.Oci.Tests' = 100, 150 }
)

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
    Copy-ChangedFile "$root/docs/bee.schema.json" "$module/bee.schema.json"
    Get-ChildItem "$root/formats" -Filter *.ps1xml | ForEach-Object { Copy-ChangedFile $_ "$module/$($_.Name)" }
    # New-BeeProgram -Template starts from these.
    Get-ChildItem "$root/examples" -Recurse -File -Include *.c, *.h, bee.yaml |
        ForEach-Object { Copy-ChangedFile $_ (Join-Path $module templates (Resolve-Path $_ -Relative -RelativeBasePath "$root/examples")) }
    # The pages of docs/ as Get-Help reads them. This fails when a page and its cmdlet do not agree.
    Invoke-Dotnet "$root/src/Bee.Help/bin/$Configuration/net10.0/Bee.Help.dll" "$root/docs" "$artifacts/help.xml" (Import-PowerShellDataFile "$root/Bee.psd1").PrivateData.PSData.ProjectUri
    Copy-ChangedFile "$artifacts/help.xml" "$module/en-US/Bee.Cmdlets.dll-Help.xml"
    @($sources; Get-ChildItem $module -Recurse -File | Get-FileState) | Set-Content $state
    "module/Bee is complete: Import-Module $module"
}

# ---- Test ----

function New-Suite {
    <#
    .SYNOPSIS
        Returns a suite that has not run: its command, its files, its budget in seconds.
    #>
    param([string] $Name, [int] $Budget)
    $results = Join-Path $artifacts tests
    $file = Join-Path $results ($Name -eq 'Pester' ? 'Pester.json' : "$Name.trx")
    # A test that hangs is ended and named after eight minutes, so that the run ends.
    $command = $Name -eq 'Pester' ?
        ("$artifacts/pwsh", '-NoProfile', '-NonInteractive', '-File', "$root/tests/Invoke-Pester.ps1", '-Results', $file) :
        ('dotnet', 'test', "$root/tests/$Name", '-c', $Configuration, '--no-build', '--nologo', '--results-directory', $results, '--logger', "trx;LogFileName=$Name.trx",
            '--logger', 'console;verbosity=minimal', '--blame-hang', '--blame-hang-dump-type', 'none', '--blame-hang-timeout', '8m')
    [pscustomobject]@{
        Name = $Name; Budget = $Budget; Command = $command; File = $file; Log = Join-Path $results "$Name.log"
        Seconds = 0; ExitCode = 0; Passed = 0; Failed = 0; Skipped = 0; Reasons = @{}; Note = ''
    }
}

function Read-SuiteResult {
    <#
    .SYNOPSIS
        Takes the numbers of a suite from the file that it wrote. One that crashed or ran nothing has failed.
    #>
    param([Parameter(ValueFromPipeline)] $Suite)
    process {
        if (-not (Test-Path $Suite.File)) { }
        elseif ($Suite.Name -eq 'Pester') {
            $read = Get-Content $Suite.File -Raw | ConvertFrom-Json
            $Suite.Passed, $Suite.Failed, $Suite.Skipped = $read.Passed, $read.Failed, $read.Skipped
            $read.Reasons | ForEach-Object { $Suite.Reasons[$_]++ }
        }
        else {
            foreach ($test in ([xml] (Get-Content $Suite.File -Raw)).TestRun.Results.UnitTestResult) {
                switch ($test.outcome) {
                    Passed { $Suite.Passed++ }
                    NotExecuted {
                        $Suite.Skipped++
                        $Suite.Reasons["$($test.Output.ErrorInfo.Message ?? $test.Output.StdOut)".Trim()]++
                    }
                    default { $Suite.Failed++ }
                }
            }
        }
        if ($Suite.ExitCode -ne 0 -and $Suite.Failed -eq 0) { $Suite.Failed = 1; $Suite.Note = "the suite itself failed: exit code $($Suite.ExitCode)" }
        elseif ($Suite.Passed + $Suite.Failed + $Suite.Skipped -eq 0) { $Suite.Failed = 1; $Suite.Note = 'no test ran' }
        elseif ($Suite.Seconds -gt $Suite.Budget) { $Suite.Note = 'over its budget' }
        $Suite
    }
}

function Show-Suite {
    <#
    .SYNOPSIS
        Returns a line with the numbers of a suite.
    #>
    param([Parameter(ValueFromPipeline)] $Suite)
    process {
        $numbers = $Suite.Name, $Suite.Passed, $Suite.Failed, $Suite.Skipped, $Suite.Seconds, $Suite.Budget, $Suite.Note
        ('{0,-24} {1,5} passed {2,3} failed {3,4} skipped {4,5:n0} s of {5,4:n0} s  {6}' -f $numbers).TrimEnd()
    }
}

function Test-Everything {
    <#
    .SYNOPSIS
        Builds everything, runs the suites and says how they went. The last line has the sums.
    #>
    $env:BEE_FULL = $Full ? '1' : $null
    $null = New-Item -ItemType Directory -Force (Join-Path $artifacts tests)
    $work = @(foreach ($lane in $lanes) {
        $suites = @($lane.Keys -like $Suite | ForEach-Object { New-Suite $_ $lane[$_][[int] [bool] $Full] })
        if ($suites) { , $suites }
    })
    if (-not $work) { throw "No suite '$Suite'. There are: $($lanes.Keys -join ', ')." }
    $left = (Get-ChildItem "$root/tests" -Recurse -Depth 1 -Filter *.Tests.csproj).BaseName | Where-Object { $_ -notin $lanes.Keys }
    if ($left) { throw "A suite without a budget: $left. Add it to the suites at the head of build.ps1." }
    'building everything'
    $building = Measure-Command {
        Invoke-Dotnet build "$root/Bee.slnx" -c $Configuration -v quiet --nologo
        Build-Module -Compiled | Out-Host
    }
    'running {0}' -f ($work.Name -join ', ')
    $running = Measure-Command {
        $done = $work | ForEach-Object -Parallel {
            foreach ($suite in $_) {
                Remove-Item $suite.File -ErrorAction Ignore
                $file, $arguments = $suite.Command
                $suite.Seconds = (Measure-Command { & $file @arguments *> $suite.Log }).TotalSeconds
                $suite.ExitCode = $LASTEXITCODE
                $suite
            }
        } | Read-SuiteResult | ForEach-Object {
            Get-Content $_.Log | Where-Object { $_ -notmatch '^(Test run for|A total of|Data collector|Results File:|VSTest version|$)|\[SKIP\]$|^  Skipped ' } | Out-Host
            $_ | Show-Suite | Out-Host
            $_
        }
    }
    ''
    foreach ($suite in $done) {
        $suite | Show-Suite
        $suite.Reasons.GetEnumerator() | ForEach-Object { "    $($_.Value) skipped: $($_.Key)" }
    }
    'built in {0:n0} s, run in {1:n0} s' -f $building.TotalSeconds, $running.TotalSeconds
    $sums = 'Passed', 'Failed', 'Skipped' | ForEach-Object { ($done | Measure-Object $_ -Sum).Sum }
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
        Packs the module for every processor, without native code, and the libraries into artifacts/libraries.
    #>
    $staged = Join-Path $artifacts package Bee
    Remove-Item $staged -Recurse -ErrorAction Ignore
    $null = New-Item -ItemType Directory -Force (Split-Path $staged)
    Copy-Item $module $staged -Recurse
    Copy-Item "$root/src/Bee.Cmdlets/bin/$Configuration/net8.0/*.dll" $staged
    Copy-Item "$root/LICENSE" $staged
    $packages = @(Compress-PSResource $staged $artifacts -PassThru)
    Remove-Item "$artifacts/libraries" -Recurse -ErrorAction Ignore
    Invoke-Dotnet pack "$root/Bee.slnx" -c $Configuration -v quiet --nologo @($NoBuild ? '--no-build' : @())
    $packages + (Get-ChildItem "$artifacts/libraries") | ForEach-Object { "packed $(Resolve-Path $_ -Relative -RelativeBasePath $root)" }
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

# ---- Container ----

function Invoke-Engine {
    <#
    .SYNOPSIS
        Runs podman or docker. Its output appears only when it fails, and then the build ends.
    #>
    param([Parameter(Mandatory)] [string] $Engine, [Parameter(ValueFromRemainingArguments)] [string[]] $Words)
    $output = & $Engine @Words 2>&1
    if ($LASTEXITCODE -ne 0) {
        $output | ForEach-Object { "$_" } | Out-Host
        throw "$Engine $Words failed: exit code $LASTEXITCODE"
    }
}

function New-ContainerContext {
    <#
    .SYNOPSIS
        Collects what deploy/Containerfile copies: this machine's .NET runtime, the PowerShell of .config/dotnet-tools.json, and the module. Returns the folder.
    #>
    $context = Join-Path $artifacts container context
    Remove-Item $context -Recurse -Force -ErrorAction Ignore
    $null = New-Item -ItemType Directory -Force $context, "$context/dotnet/host/fxr", "$context/dotnet/shared/Microsoft.NETCore.App"
    $version = (Get-Content "$root/.config/dotnet-tools.json" -Raw | ConvertFrom-Json).tools.powershell.version
    $shell = (Get-ChildItem "$artifacts/packages/powershell/$version/tools" -Recurse -Filter pwsh.dll | Where-Object { $_.Directory.Name -eq 'unix' }).DirectoryName
    if (-not $shell) { throw "PowerShell $version is not restored: ./build.sh container does that." }
    $major = ([version] (Get-Content "$shell/pwsh.runtimeconfig.json" -Raw | ConvertFrom-Json).runtimeOptions.framework.version).Major
    $dotnet = Split-Path ([IO.FileInfo]::new((Get-Command dotnet).Source).ResolveLinkTarget($true)?.FullName ?? (Get-Command dotnet).Source)
    $runtime = Get-ChildItem "$dotnet/shared/Microsoft.NETCore.App" | Where-Object Name -Like "$major.*" | Sort-Object { [version] ($_.Name -replace '-.*') } | Select-Object -Last 1
    if (-not $runtime) { throw ".NET $major is not in $dotnet, and PowerShell $version needs it." }
    Copy-Item "$dotnet/dotnet" "$context/dotnet"
    Copy-Item (Get-ChildItem "$dotnet/host/fxr" | Sort-Object { [version] ($_.Name -replace '-.*') } | Select-Object -Last 1) "$context/dotnet/host/fxr" -Recurse
    Copy-Item $runtime "$context/dotnet/shared/Microsoft.NETCore.App" -Recurse
    Copy-Item $shell "$context/powershell" -Recurse
    Copy-Item $module "$context/Bee" -Recurse
    Set-Content "$context/pwsh" "#!/bin/sh`nexec /usr/share/dotnet/dotnet /opt/powershell/pwsh.dll ""`$@"""
    chmod 755 "$context/pwsh"
    $context
}

function Get-ContainerBase {
    <#
    .SYNOPSIS
        Returns the name of the system that the base is built on, which the engine then has.
    #>
    param([string] $Engine)
    $debian = 'docker.io/library/debian:trixie-slim'
    if ($Base -and $Base -ne 'debootstrap') { return $Base }
    if (-not $Base) {
        $null = & $Engine pull --quiet $debian 2>&1
        if ($LASTEXITCODE -eq 0) { return $debian }
        if (-not (Get-Command debootstrap -ErrorAction Ignore) -or (id -u) -ne 0) {
            throw "$debian cannot be fetched. Name another system with -Base; as root, -Base debootstrap makes one."
        }
        Write-Host "$debian cannot be fetched: debootstrap makes a system"
    }
    $made = 'localhost/bee-debian:latest'
    $null = & $Engine image inspect $made 2>&1
    if ($LASTEXITCODE -eq 0) { return $made }
    $system = Join-Path $artifacts container debian
    Remove-Item $system -Recurse -Force -ErrorAction Ignore
    Invoke-Engine debootstrap --variant=minbase '--include=libbpf1,openssl,ca-certificates' stable $system
    Invoke-Engine tar --directory $system --create --file "$system.tar" .
    Invoke-Engine $Engine import "$system.tar" $made
    Remove-Item $system, "$system.tar" -Recurse -Force
    $made
}

function Build-Container {
    <#
    .SYNOPSIS
        Builds the base and the builder, and puts the base into the store.
    #>
    $engine = 'podman', 'docker' | Where-Object { Get-Command $_ -CommandType Application -ErrorAction Ignore } | Select-Object -First 1
    if (-not $engine) { throw 'Neither podman nor docker is on PATH.' }
    # Without systemd podman cannot make control groups, and building does not need them.
    $build = $engine -eq 'podman' -and -not (Test-Path /run/systemd/system) ? @('--cgroup-manager=cgroupfs', 'build', '--isolation=chroot', '--network=host') : @('build')
    $version = (Import-PowerShellDataFile "$root/Bee.psd1").ModuleVersion
    $system = Get-ContainerBase $engine
    $context = New-ContainerContext
    "building localhost/bee-base on $system"
    Invoke-Engine $engine @build --tag localhost/bee-base:latest --build-arg "BASE=$system" --build-arg "BEE_VERSION=$version" --file "$root/deploy/Containerfile" $context
    $archive = Join-Path $artifacts container bee-base.tar
    Remove-Item $archive -ErrorAction Ignore
    if ($engine -eq 'podman') { Invoke-Engine podman save --quiet --format oci-archive --output $archive localhost/bee-base:latest }
    else { Invoke-Engine docker save --output $archive localhost/bee-base:latest }
    Import-Module $module
    $image = Import-BeeImage $archive -Tag bee-base:latest
    Remove-Item $archive
    "bee-base:latest is in $($image.Store), $([math]::Round($image.Size / 1MB)) MB; New-BeeContainer makes containers on it"
    if (-not $BaseOnly) {
        "building localhost/bee-build"
        Invoke-Engine $engine @build --tag localhost/bee-build:latest --build-arg BASE=localhost/bee-base:latest --file "$root/deploy/Containerfile.build" (Join-Path $root deploy)
        'localhost/bee-build:latest compiles tools'
    }
}

# ---- Tasks ----

Push-Location $root
try {
    if (-not $NoBuild -and $Task -ne 'Test') { Build-Module }
    switch ($Task) {
        Test { Test-Everything }
        Demo { Show-Demo }
        Pack { New-Package }
        Container { Build-Container }
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
