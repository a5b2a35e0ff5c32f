# Runs Inspektor Gadget's gadgets, and compares what they give with what is known from elsewhere: see README.md beside.
param(
    # A checkout of github.com/inspektor-gadget/inspektor-gadget.
    [Parameter(Mandatory)] [string] $Source,
    # Work goes here: images, the compiled load.
    [Parameter(Mandatory)] [string] $Work,
    # Only these gadgets.
    [string[]] $Name = '*',
    [string] $Module = "$PSScriptRoot/../../module/Bee",
    # Builds nothing anew.
    [switch] $NoBuild
)
$ErrorActionPreference = 'Stop'
Import-Module $Module
$store = "$Work/store"
$load = "$Work/gadget-load"
$isGuest = $false
$null = New-Item -ItemType Directory -Force $Work
if (-not $NoBuild) { & gcc -O1 -g -fno-omit-frame-pointer -w -o $load "$PSScriptRoot/gadget-load.c" -lpthread -ldl; & gcc -O1 -shared -fPIC -o "$Work/libcuda.so" "$PSScriptRoot/gadget-cuda.c" }
. "$PSScriptRoot/Gadgets.ps1"
foreach ($folder in [IO.Directory]::GetDirectories("$Source/gadgets") | Where-Object { [IO.File]::Exists("$_/gadget.yaml") } | Sort-Object) {
    $gadget = [IO.Path]::GetFileName($folder)
    if (-not ($Name | Where-Object { $gadget -like $_ })) { continue }
    $row = [ordered] @{ Gadget = $gadget; Builds = $false; Reads = ''; Right = $false; Source = ''; Why = '' }
    if (-not [IO.File]::Exists("$folder/program.bpf.c")) { $row.Why = 'has no program of its own'; [pscustomobject] $row; continue }
    try {
        if (-not $NoBuild) { $null = Invoke-BeeBuild "$folder/program.bpf.c" -IncludePath "$Source/include", "$Source/include/gadget/amd64" -Tag "gadget/${gadget}:v1" -Store $store -WarningAction SilentlyContinue }
        $image = Get-BeeImage "gadget/${gadget}:v1" -Store $store
        $row.Builds = $true
        $row.Reads = "$($image.Programs.Count) programs, $($image.Maps.Count) maps"
        if ($gadget -in $guestOnly) { $row.Why = 'runs in the virtual machine' }
        elseif ($cases[$gadget]) { $row.Source = & $cases[$gadget]; $row.Right = $true }
        else { $row.Why = 'not tried here' }
    }
    catch { $row.Why = "$($_.FullyQualifiedErrorId -replace ',.*'): $($_.Exception.Message -split "`n" | Select-Object -First 2)"; if ($env:GADGET_SHOW) { $_.ScriptStackTrace | Out-Host } }
    [pscustomobject] $row
}
