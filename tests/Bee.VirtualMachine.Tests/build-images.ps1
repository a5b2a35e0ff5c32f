# Makes images of the suite's C files and of the examples: vm/NAME and example/NAME, compiled for the kernel that runs here. What a guest's kernel has elsewhere
# is relocated there. And an object file for each kind of program.
param([Parameter(Mandatory)] [string] $Store, [Parameter(Mandatory)] [string] $Kinds)

$ErrorActionPreference = 'Stop'
$root = [IO.Path]::GetFullPath("$PSScriptRoot/../..")
$module = "$root/module/Bee"
Import-Module $module
$sources = [ordered] @{}
foreach ($file in Get-ChildItem "$PSScriptRoot/scenarios/*.bpf.c") { $sources["vm/$($file.Name -replace '\.bpf\.c$')"] = $file.FullName }
foreach ($folder in Get-ChildItem "$root/examples" -Directory) { $sources["example/$($folder.Name)"] = $folder.FullName }
# Skeletons of kinds that not every kernel takes, as New-BeeProgram writes them: skeleton/KIND-OUTPUT.
$written = [IO.Directory]::CreateTempSubdirectory('bee-skeletons-')
foreach ($kind in 'kprobe', 'kretprobe', 'kprobe.multi', 'kretprobe.multi', 'ksyscall', 'kretsyscall', 'fentry', 'fexit', 'fmod_ret', 'lsm') {
    $sources["skeleton/${kind}-print"] = (New-BeeProgram "$written/$kind.bpf.c" -ProgramType $kind).FullName
}
$sources['skeleton/kprobe-histogram'] = (New-BeeProgram "$written/times.bpf.c" -ProgramType kprobe -Output Histogram).FullName
& "$PSScriptRoot/kinds/write-kinds.ps1" -To $Kinds

# The compiler takes most of the time.
$sources.GetEnumerator() | ForEach-Object -ThrottleLimit ([Environment]::ProcessorCount) -Parallel {
    $ErrorActionPreference = 'Stop'
    Import-Module $using:module
    Invoke-BeeBuild $_.Value -Tag "$($_.Key):v1" -Store $using:Store | Out-Null
}
Get-ChildItem "$Kinds/*.bpf.c" | ForEach-Object -ThrottleLimit ([Environment]::ProcessorCount) -Parallel {
    $ErrorActionPreference = 'Stop'
    Import-Module $using:module
    Invoke-BeeBuild $_.FullName -BinaryOnly -OutFile ($_.FullName -replace '\.bpf\.c$', '.o') | Out-Null
}
Remove-Item "$Kinds/*.bpf.c"
$written.Delete($true)
