<#
.SYNOPSIS
Runs Inspektor Gadget's gadgets unchanged, and compares what they give with what another source says. Gives a row for each.
.DESCRIPTION
Needs root, gcc, and a checkout of github.com/inspektor-gadget/inspektor-gadget; docs/reach.md names the commit of its table. Each case of Gadgets.ps1 starts a load of its own (gadget-load.c) and watches only that. With -Guest
the gadgets run that need kprobes or LSM hooks, or that see the whole machine: in a virtual machine, by tests/Bee.VirtualMachine.Tests.

    sudo artifacts/pwsh -Command "./tests/Reach/Measure-Gadget.ps1 -Source ~/inspektor-gadget -Work /tmp/reach | Format-Table"
    sudo artifacts/pwsh -Command "./tests/Reach/Measure-Gadget.ps1 -Source ~/inspektor-gadget -Work /tmp/reach -Guest | Format-Table"
#>
param(
    # The checkout.
    [Parameter(Mandatory)] [string] $Source,
    # Images and the compiled load go here.
    [Parameter(Mandatory)] [string] $Work,
    # Only these gadgets. Takes wildcards.
    [string[]] $Name = '*',
    # The module to measure.
    [string] $Module = "$PSScriptRoot/../../module/Bee",
    # Runs what is already built.
    [switch] $NoBuild,
    # Runs the gadgets of the virtual machine in place of the others.
    [switch] $Guest
)
$ErrorActionPreference = 'Stop'
Import-Module $Module
$store = "$Work/store"
$load = "$Work/gadget-load"
$isGuest = $false
$null = New-Item -ItemType Directory -Force $Work
if (-not $NoBuild) {
    & gcc -O1 -g -fno-omit-frame-pointer -w -o $load "$PSScriptRoot/gadget-load.c" -lpthread -ldl
    & gcc -O1 -static -w -o "$load-static" "$PSScriptRoot/gadget-load.c" 2>$null
    & gcc -O1 -shared -fPIC -o "$Work/libcuda.so" "$PSScriptRoot/gadget-cuda.c"
}
. "$PSScriptRoot/Gadgets.ps1"

# Gives the lines of the guest, by gadget: right or wrong, and what is said about it.
function Invoke-Guest([string[]] $Gadgets) {
    $folder = "$Work/guest"
    if ([IO.Directory]::Exists($folder)) { [IO.Directory]::Delete($folder, $true) }
    $null = New-Item -ItemType Directory $folder
    Copy-Item -Recurse $store "$folder/store"
    Copy-Item "$load-static" "$folder/gadget-load"
    Copy-Item "$PSScriptRoot/Gadgets.ps1" $folder
    Copy-Item "$PSScriptRoot/gadgets-in-guest.ps1" "$folder/run.ps1"
    [IO.File]::WriteAllLines("$folder/only", $Gadgets)
    $console = "$PSScriptRoot/../../artifacts/guests/console-6.12.txt"
    [IO.File]::Delete($console)
    $env:BEE_REACH = [IO.Path]::GetFullPath($folder)
    & dotnet test "$PSScriptRoot/../Bee.VirtualMachine.Tests" -c Release --filter ReachTests | Out-Host
    $env:BEE_REACH = $null
    if ($LASTEXITCODE -ne 0) { throw 'The virtual machine did not come to its end.' }
    $lines = @{}
    foreach ($line in [IO.File]::ReadAllLines($console) -match "^gadget`t") {
        $null, $gadget, $state, $text = $line -split "`t", 4
        $lines[$gadget] = @{ Right = $state -eq 'right'; Text = $text }
    }
    $lines
}

$rows = foreach ($folder in [IO.Directory]::GetDirectories("$Source/gadgets") | Where-Object { [IO.File]::Exists("$_/gadget.yaml") } | Sort-Object) {
    $gadget = [IO.Path]::GetFileName($folder)
    if (-not ($Name | Where-Object { $gadget -like $_ }) -or ($Guest -and $gadget -notin $guestOnly)) { continue }
    $row = [pscustomobject] @{ Gadget = $gadget; Builds = $false; Reads = ''; Right = $false; Source = ''; Why = '' }
    if (-not [IO.File]::Exists("$folder/program.bpf.c")) {
        $row.Why = 'has no program of its own'
        $row
        continue
    }
    try {
        if (-not $NoBuild) {
            # Its own headers, and its own vmlinux.h, which has names that not every kernel has.
            $null = Invoke-BeeBuild "$folder/program.bpf.c" -IncludePath "$Source/include", "$Source/include/gadget/amd64" -Tag "gadget/${gadget}:v1" -Store $store -WarningAction SilentlyContinue
        }
        $image = Get-BeeImage "gadget/${gadget}:v1" -Store $store
        $row.Builds = $true
        $row.Reads = "$($image.Programs.Count) programs, $($image.Maps.Count) maps"
        if ($Guest -or $gadget -in $guestOnly) { $row.Why = 'runs in the virtual machine' }
        elseif ($cases[$gadget]) { $row.Source = & $cases[$gadget]; $row.Right = $true }
        else { $row.Why = 'not tried' }
    }
    catch { $row.Why = "$($_.FullyQualifiedErrorId -replace ',.*'): $("$($_.Exception.Message)" -split "`n" | Select-Object -First 2)" }
    $row
}
if ($Guest) {
    $seen = Invoke-Guest ($rows | Where-Object Builds).Gadget
    foreach ($row in $rows | Where-Object { $seen[$_.Gadget] }) {
        $row.Right = $seen[$row.Gadget].Right
        $row.Source = $row.Right ? $seen[$row.Gadget].Text : ''
        $row.Why = $row.Right ? '' : $seen[$row.Gadget].Text
    }
}
$rows
