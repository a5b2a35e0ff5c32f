#requires -Version 7.4
<#
.SYNOPSIS
    Builds, tests, measures, documents and packs Bee.
.DESCRIPTION
    build.sh installs the prerequisites and runs this script in artifacts/pwsh, the PowerShell of the build. The functions of the larger tasks are in build/.
.PARAMETER Task
    Build completes module/Bee.
    Test builds everything and runs every suite.
    Demo runs an example against processes that it starts.
    Bench compares with C programs on libbpf.
    Pack packs the module into artifacts/ and the libraries into artifacts/libraries.
    Docs builds the API reference and the pages of docs/ into artifacts/site.
    Api writes the public members of the libraries to their PublicAPI.Unshipped.txt.
    Container builds the images of deploy/ with podman or docker and imports the base image into the store.
.PARAMETER Configuration
    The build configuration.
.PARAMETER Full
    For Test: adds the long runs. All suites together then take up to thirty minutes.
.PARAMETER Suite
    For Test: the suites to run, by name or wildcard pattern. The default is all suites.
.PARAMETER Coverage
    For Test: measures the line coverage of the libraries and fails below the floor. The report is in artifacts/coverage.
.PARAMETER NoBuild
    Uses the output of the last build.
.PARAMETER Base
    For Container: the image to build the base image on, or "debootstrap" to bootstrap a Debian system. The default is Debian's image, or debootstrap if that image cannot be pulled.
.PARAMETER BaseOnly
    For Container: builds only the base image, not the builder image with clang.
.PARAMETER Arguments
    For Bench: the arguments of the benchmark program.
.EXAMPLE
    ./build.ps1 -Task Test -Full
.EXAMPLE
    ./build.ps1 -Task Test -Coverage -Suite Bee.Oci.Tests
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Demo', 'Bench', 'Pack', 'Container', 'Docs', 'Api')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    [switch] $Full,

    [string] $Suite = '*',

    [switch] $Coverage,

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
foreach ($file in Get-ChildItem "$root/build" -Filter *.ps1) { . $file }

function Invoke-Dotnet {
    <#
    .SYNOPSIS
        Runs dotnet with the arguments. If it fails, prints its output and throws.
    #>
    $output = dotnet @args 2>&1
    if ($LASTEXITCODE -ne 0) {
        $output | ForEach-Object { "$_" } | Out-Host
        throw "dotnet $args failed: exit code $LASTEXITCODE"
    }
}

function Invoke-Compiler {
    <#
    .SYNOPSIS
        Runs a build whose projects share one compiler process, which ends with the build.
    .DESCRIPTION
        A compiler process of its own for each project would load the analyzers and compile them to native code each time, which takes longer than to compile a project.
    #>
    param([scriptblock] $Build)
    $before = $env:UseSharedCompilation, $env:SharedCompilationId
    # The compiler has a name of its own, so that it serves no other build and is stopped for none.
    $env:UseSharedCompilation, $env:SharedCompilationId = 'true', "bee-$PID"
    try { & $Build }
    finally {
        $env:UseSharedCompilation, $env:SharedCompilationId = $before
        Get-Process VBCSCompiler -ErrorAction Ignore | Where-Object CommandLine -Match "-pipename:bee-$PID\b" | Stop-Process
    }
}

function Get-BeeVersion {
    <#
    .SYNOPSIS
        Returns the version of the module and of the packages, with its prerelease label.
    #>
    $manifest = Import-PowerShellDataFile "$root/Bee.psd1"
    $label = $manifest.PrivateData.PSData.Prerelease
    $label ? "$($manifest.ModuleVersion)-$($label.TrimStart('-'))" : $manifest.ModuleVersion
}

function Install-Tool {
    <#
    .SYNOPSIS
        Installs a .NET tool of .config/dotnet-tools.json into artifacts/tools, unless that version is there, and returns the path of its command.
    #>
    param([string] $Name)
    $tool = (Get-Content "$root/.config/dotnet-tools.json" -Raw | ConvertFrom-Json).tools.$Name
    $folder = Join-Path $artifacts tools "$Name.$($tool.version)"
    $command = Join-Path $folder $tool.commands[0]
    if (-not (Test-Path $command)) { Invoke-Dotnet tool install $Name --version $tool.version --tool-path $folder }
    $command
}

function Show-Demo {
    <#
    .SYNOPSIS
        Builds an example and runs it against a shell that starts small programs.
    #>
    $store = Join-Path ([IO.Path]::GetTempPath()) "bee-$(New-Guid)"
    Import-Module $module
    try {
        '', "> Invoke-BeeBuild examples/execsnoop/execsnoop.bpf.c -Tag demo/execsnoop:v1 -Store $store"
        Invoke-BeeBuild examples/execsnoop/execsnoop.bpf.c -Tag demo/execsnoop:v1 -Store $store | Out-Null
        '', "> Get-BeeImage -Store $store"
        Get-BeeImage -Store $store | Out-Host
        if ((id -u) -ne 0) {
            'Not run: loading a program into the kernel needs root, or CAP_BPF and CAP_PERFMON.'
            return
        }
        # The demo watches only the processes of this shell, which ends by itself.
        $load = Start-Process sh '-c', '"i=0; while [ $i -lt 100 ]; do uname -sr; id -un; ls -l /etc/hostname; sleep 0.1; i=$((i + 1)); done"' -PassThru -RedirectStandardOutput /dev/null
        try {
            "> Invoke-BeeProgram demo/execsnoop:v1 -Parameter @{ target_pid = $($load.Id) } -MaxEvents 12 | Where-Object comm -ne sleep"
            Invoke-BeeProgram demo/execsnoop:v1 -Store $store -Parameter @{ target_pid = $load.Id } -MaxEvents 12 |
                Where-Object comm -ne sleep | Out-Host
        }
        finally {
            $load | Stop-Process
        }
        'Each row is an object. The program is detached and the store is deleted.'
    }
    finally {
        Remove-Item $store -Recurse -Force
    }
}

function Build-Bench {
    <#
    .SYNOPSIS
        Builds the benchmarks and copies the module's assemblies next to them.
    .DESCRIPTION
        Assemblies next to the executable shadow the module's. The module's have native code; without it the first call of each method would be compiled during a measurement.
    #>
    Invoke-Dotnet build "$root/bench/Bee.Bench" -c Release -v quiet --nologo
    $output = "$root/bench/Bee.Bench/bin/Release/net10.0"
    Get-ChildItem $module -Filter *.dll | Where-Object { Test-Path "$output/$($_.Name)" } | ForEach-Object { Copy-ChangedFile $_ "$output/$($_.Name)" }
}

Push-Location $root
try {
    if (-not $NoBuild -and $Task -notin 'Test', 'Api') { Build-Module }
    switch ($Task) {
        Test { Test-Everything }
        Demo { Show-Demo }
        Pack { New-Package }
        Container { Build-Container }
        Docs { Build-Site }
        Api { Update-PublicApi }
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
