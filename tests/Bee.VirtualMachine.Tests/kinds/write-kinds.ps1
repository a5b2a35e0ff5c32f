# Writes a C file for each kind of program that Bee runs: one program that does nothing, with the section that the kind asks for.
param([Parameter(Mandatory)] [string] $To)

# A target of each sort that is there on every kernel, and what lets a program through.
$targets = @{
    'raw_tracepoint.w' = 'bpf_test_finish'
    'fmod_ret'         = 'security_inode_mkdir'
    'lsm_cgroup'       = 'socket_post_create'
}
$ofSort = @{
    Tracepoint     = 'syscalls/sys_enter_mkdir'
    RawTracepoint  = 'sched_process_exit'
    KernelFunction = 'vfs_mkdir'
    SystemCall     = 'mkdir'
    UserFunction   = 'libc.so.6:mkdir'
    UserProbe      = 'libstdc++.so.6:libstdcxx:throw'
    SecurityHook   = 'inode_mkdir'
    Iterator       = 'task'
}

$ErrorActionPreference = 'Stop'
$null = [IO.Directory]::CreateDirectory($To)
# The module loads its libraries when a command needs them.
$null = [Reflection.Assembly]::LoadFrom("$((Get-Module Bee).ModuleBase)/Bee.Ebpf.dll")
# The table of kinds is internal.
$kinds = [Bee.Ebpf.BpfSession].Assembly.GetType('Bee.Ebpf.Objects.ProgramKinds').GetProperty('All').GetValue($null)
foreach ($kind in $kinds) {
    $section = $kind.Name
    if ($kind.HasTargetInSection) {
        $target = $targets[$kind.Name]
        if (-not $target) { $target = $ofSort["$($kind.Target)"] }
        if (-not $target) { throw "write-kinds.ps1 knows no target for '$($kind.Name)'." }
        $section += "/$target"
    }
    # XDP_PASS; SK_PASS; "go on" for those of control groups.
    $result = if ($kind.Name -like 'xdp*') { 2 } elseif ($kind.NeedsCgroup -or $kind.Name -match '^sk_') { 1 } else { 0 }
    $file = "$To/$($kind.Name.Replace('/', '~'))"
    $text = "char terms[] __attribute__((section(`"license`"), used)) = `"GPL`";`n"
    # libbpf keeps what it knows of static probes in maps that this header declares.
    if ($kind.Name -eq 'usdt') { $text += "#include <vmlinux.h>`n#include <bpf/usdt.bpf.h>`n" }
    # They attach to a map of sockets, of the object.
    if ($kind.Target -eq 'SocketMap') {
        $text += "#include <vmlinux.h>`n#include <bpf/bpf_helpers.h>`n"
        $text += "struct { __uint(type, BPF_MAP_TYPE_SOCKMAP); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); } sockets SEC(`".maps`");`n"
    }
    [IO.File]::WriteAllText("$file.bpf.c", $text + "__attribute__((section(`"$section`"), used)) int probe(void *context) { return $result; }`n")
}
