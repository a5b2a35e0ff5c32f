<#
.SYNOPSIS
Runs images of Inspektor Gadget's gadgets, and compares their data with another source. Returns a row for each image.
.DESCRIPTION
Needs root, gcc, and a store with the images, each named gadget/NAME:v1. The images are the caller's: Bee neither keeps nor builds gadgets. Each case of Gadgets.ps1 starts a load of its own
(gadget-load.c) and watches only that. -Guest runs the gadgets that need kprobes or LSM hooks, or that see the whole machine, in a virtual machine (tests/Bee.VirtualMachine.Tests).

    sudo artifacts/pwsh -Command "./tests/Reach/Measure-Gadget.ps1 -Store ./gadgets -Work /tmp/reach | Format-Table"
    sudo artifacts/pwsh -Command "./tests/Reach/Measure-Gadget.ps1 -Store ./gadgets -Work /tmp/reach -Guest | Format-Table"
#>
param(
    # The store with the images.
    [Parameter(Mandatory)] [string] $Store,
    # The compiled load goes here.
    [Parameter(Mandatory)] [string] $Work,
    # Only these gadgets. Takes wildcards.
    [string[]] $Name = '*',
    # The module to measure.
    [string] $Module = "$PSScriptRoot/../../module/Bee",
    # Runs the gadgets of the virtual machine in place of the others.
    [switch] $Guest
)
$ErrorActionPreference = 'Stop'
Import-Module $Module
$load = "$Work/gadget-load"
$isGuest = $false
$null = New-Item -ItemType Directory -Force $Work
& gcc -O1 -g -fno-omit-frame-pointer -w -o $load "$PSScriptRoot/gadget-load.c" -lpthread -ldl
& gcc -O1 -static -w -o "$load-static" "$PSScriptRoot/gadget-load.c" 2>$null
& gcc -O1 -shared -fPIC -o "$Work/libcuda.so" "$PSScriptRoot/gadget-cuda.c"
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
    if ([IO.File]::Exists($console)) { [IO.File]::Delete($console) }
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

$rows = foreach ($image in Get-BeeImage 'gadget/*:v1' -Store $store | Sort-Object Reference) {
    $gadget = $image.Reference -replace '^.*gadget/' -replace ':v1$'
    if (-not ($Name | Where-Object { $gadget -like $_ }) -or ($Guest -and $gadget -notin $guestOnly)) { continue }
    $row = [pscustomobject] @{ Gadget = $gadget; Reads = "$($image.Programs.Count) programs, $($image.Maps.Count) maps"; Right = $false; Source = ''; Why = '' }
    try {
        if ($Guest -or $gadget -in $guestOnly) { $row.Why = 'runs in the virtual machine' }
        elseif ($cases[$gadget]) { $row.Source = & $cases[$gadget]; $row.Right = $true }
        else { $row.Why = 'not tried' }
    }
    catch { $row.Why = "$($_.FullyQualifiedErrorId -replace ',.*'): $("$($_.Exception.Message)" -split "`n" | Select-Object -First 2)" }
    $row
}
if ($Guest) {
    $seen = Invoke-Guest $rows.Gadget
    foreach ($row in $rows | Where-Object { $seen[$_.Gadget] }) {
        $row.Right = $seen[$row.Gadget].Right
        $row.Source = $row.Right ? $seen[$row.Gadget].Text : ''
        $row.Why = $row.Right ? '' : $seen[$row.Gadget].Text
    }
}
$rows
