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
# Skeletons of kinds that not every kernel takes, as New-BeeProgram writes them: skeleton/KIND-OUTPUT.
$written = [IO.Directory]::CreateTempSubdirectory('bee-skeletons-')
foreach ($kind in 'kprobe', 'kretprobe', 'kprobe.multi', 'kretprobe.multi', 'ksyscall', 'kretsyscall', 'fentry', 'fexit', 'fmod_ret', 'lsm') {
    $file = New-BeeProgram "$written/$kind.bpf.c" -ProgramType $kind
    Invoke-BeeBuild $file.FullName -Tag "skeleton/${kind}-print:v1" -Store $Store | Out-Null
}
$file = New-BeeProgram "$written/times.bpf.c" -ProgramType kprobe -Output Histogram
Invoke-BeeBuild $file.FullName -Tag skeleton/kprobe-histogram:v1 -Store $Store | Out-Null
$written.Delete($true)
& "$PSScriptRoot/kinds/build-kinds.ps1" -To $Kinds
