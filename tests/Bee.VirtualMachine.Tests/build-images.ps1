# Makes images of the suite's C files and of the examples: vm/NAME and example/NAME, compiled for the kernel that runs here. What a guest's kernel has elsewhere
# is relocated there. And an object file for each kind of program.
param([Parameter(Mandatory)] [string] $Store, [Parameter(Mandatory)] [string] $Kinds)

$ErrorActionPreference = 'Stop'
$root = [IO.Path]::GetFullPath("$PSScriptRoot/../..")
Import-Module "$root/module/Bee"
foreach ($file in [IO.Directory]::GetFiles("$PSScriptRoot/scenarios", '*.bpf.c')) {
    $name = [IO.Path]::GetFileName($file) -replace '\.bpf\.c$'
    Invoke-BeeBuild $file -Tag "vm/${name}:v1" -Store $Store | Out-Null
}
foreach ($folder in [IO.Directory]::GetDirectories("$root/examples")) {
    Invoke-BeeBuild $folder -Tag "example/$([IO.Path]::GetFileName($folder)):v1" -Store $Store | Out-Null
}
& "$PSScriptRoot/kinds/build-kinds.ps1" -To $Kinds
