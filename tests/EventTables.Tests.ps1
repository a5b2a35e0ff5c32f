# The tables of emitted types: 80 columns, names and units, one table per run. The programs observe this process only.

Describe 'Event tables' {
    BeforeAll {
        $reason = if ((id -u) -ne 0) { 'loading programs needs root' }
        elseif (-not (Get-Command clang -CommandType Application -ErrorAction Ignore)) { 'clang is not on PATH' }
        elseif (-not (Test-Path /sys/kernel/btf/vmlinux)) { 'this kernel has no BTF to compile against' }
        if ($reason) { return }
        . $PSScriptRoot/Support.ps1
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'

        # One event each time that this process asks for the test's folder.
        $head = @'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bee.h"
char LICENSE[] SEC("license") = "GPL";
const volatile u32 target_pid;

'@
        $tail = @'

SEC("tracepoint/syscalls/sys_enter_chdir")
int on_chdir(void *ctx)
{
    if (bpf_get_current_pid_tgid() >> 32 != target_pid)
        return 0;
    emit();
    return 0;
}
'@
        function Build([string] $Name, [string] $Source) {
            $head + $Source + $tail | Set-Content "$TestDrive/$Name.bpf.c"
            (Invoke-BeeBuild "$TestDrive/$Name.bpf.c" -BinaryOnly -OutFile "$TestDrive/$Name.o").FullName
        }
        # Returns the events of two changes of folder, as the lines of a table.
        function Watch([string] $Object) {
            $program = Start-BeeProgram $Object -Parameter @{ target_pid = $PID } -Interval 1h
            1..2 | ForEach-Object { [Environment]::CurrentDirectory = $TestDrive }
            # All events are there once the program has stopped.
            $program | Stop-BeeProgram
            # Not in a folder that is deleted with the test: processes that start later would have no current folder.
            [Environment]::CurrentDirectory = $PSScriptRoot
            @(($program | Receive-BeeEvent | Out-String -Width 80) -split "`n" | ForEach-Object TrimEnd | Where-Object { $_ })
        }

        $one = Build one @'
struct one {
    ktime at; u32 pid; uid_t uid; duration took; byte_size size; errno_value error; void *where; char comm[16]; u8 raw[4]; char path[64];
};
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct one); } print_one SEC(".maps");
static void emit(void)
{
    struct one e = { .at = bpf_ktime_get_ns(), .pid = target_pid, .took = 1234567, .size = 1536, .error = -2, .where = (void *)0xffff888012345678, .comm = "a\x1b[31mb", .raw = { 1, 255 }, .path = "/etc/hosts" };
    bpf_ringbuf_output(&print_one, &e, sizeof(e), 0);
}
'@
        $wide = Build wide @'
struct inner { u64 a, b; };
struct wide {
    u32 first, second; u64 c01, c02, c03, c04, c05, c06, c07, c08, c09, c10, c11, c12; char name_of_something_long[16]; struct inner in; u8 raw[64]; void *p1, *p2; ipv6_addr peer; char text[200];
};
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); __type(value, struct wide); } print_wide SEC(".maps");
static void emit(void)
{
    struct wide *e = bpf_ringbuf_reserve(&print_wide, sizeof(*e), 0);
    if (!e)
        return;
    __builtin_memset(e, 0x7a, sizeof(*e));
    e->first = 1;
    bpf_ringbuf_submit(e, 0);
}
'@
        $two = Build two @'
struct left { u32 pid; duration took; char comm[16]; };
struct right { u32 pid; u64 other; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct left); } print_left SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, struct right); __type(value, u64); } counter_right SEC(".maps");
static void emit(void)
{
    struct left l = { target_pid, 5000, "a b" };
    struct right r = { target_pid, 9 };
    u64 one = 1;
    bpf_ringbuf_output(&print_left, &l, sizeof(l), 0);
    bpf_map_update_elem(&counter_right, &r, &one, 0);
}
'@
    }

    AfterAll { if (-not $reason) { $PSStyle.OutputRendering = $rendering } }

    BeforeEach { if ($reason) { Set-ItResult -Skipped -Because $reason } }

    It 'formats values' {
        $lines = Watch $one
        $lines.Count | Should -Be 4
        $lines | ForEach-Object Length | Should -BeLessOrEqual 80
        $lines[0] | Should -Match '^at +pid +uid +took +size +error +comm +path'
        $lines[2] | Should -Match "^\d\d:\d\d:\d\d\.\d{3} +$PID root +1\.2ms +1\.5KiB ENOENT +a␛\[31mb +/etc/hosts$"
    }

    It 'drops the least useful columns of a wide struct' {
        $lines = Watch $wide
        $lines | ForEach-Object Length | Should -BeLessOrEqual 80
        $lines[0] | Should -Match '^ *first +second'
        $lines[0] | Should -Match 'name_of_so\S* .*text'
        $lines[0] | Should -Not -Match ' (in|raw|p1) '
        (Watch $wide)[0] | Should -BeExactly $lines[0]
    }

    It 'has one table for several streams, the map first' {
        $lines = Watch $two
        $lines | ForEach-Object Length | Should -BeLessOrEqual 80
        @($lines -match '^MapName').Count | Should -Be 1
        $lines -match "^print_left +$PID took=5us comm='a b'$" | Should -Not -BeNullOrEmpty
        $lines -match "^counter_right +$PID other=9 Value=1$" | Should -Not -BeNullOrEmpty
    }

    It 'shows the key of an entry first, then the value' {
        $program = Start-BeeProgram $two -Parameter @{ target_pid = $PID }
        try {
            [Environment]::CurrentDirectory = $TestDrive
            $lines = ($program | Get-BeeMapEntry counter_right | Out-String -Width 80) -split "`n" | ForEach-Object TrimEnd | Where-Object { $_ }
        }
        finally {
            $program | Stop-BeeProgram | Out-Null
        }
        $lines[0] | Should -Match '^ *pid +other +Value$'
        $lines[2] | Should -Match "^ *$PID +9 +1$"
    }

    It 'does not change the views of other types' {
        $before = Get-Process -Id $PID | Out-String -Width 80
        $null = Watch $one
        ($before -split "`n")[1] | Should -BeExactly ((Get-Process -Id $PID | Out-String -Width 80) -split "`n")[1]
    }

    It 'does not grow when the same program runs again' {
        $count = { $Host.Runspace.InitialSessionState.Formats.Count }
        $null = Watch $one
        $formats = & $count
        1..3 | ForEach-Object { $null = Watch $one }
        & $count | Should -Be $formats
    }

    It 'shows the first row at once' {
        # Without a view, the formatter waits for a second object, until the program ends after a minute.
        $script = @"
Import-Module '$PSScriptRoot/../module/Bee'
`$PSStyle.OutputRendering = 'PlainText'
`$load = [PowerShell]::Create().AddScript({
    while (-not (Select-String -Quiet link_id: /proc/self/fdinfo/* -ErrorAction Ignore)) { Start-Sleep -Milliseconds 20 }
    [Environment]::CurrentDirectory = '/'
})
`$null = `$load.BeginInvoke()
Invoke-BeeProgram '$one' -Parameter @{ target_pid = `$PID } -Duration 60s
"@
        $start = Get-PowerShellStart -Command $script
        $start.RedirectStandardOutput = $true
        $child = [Diagnostics.Process]::Start($start)
        $latency = $null
        while ($null -ne ($line = $child.StandardOutput.ReadLine())) {
            $now = [DateTime]::Now
            if ($line -match '^(\d\d:\d\d:\d\d\.\d{3})') {
                $latency = $now - [DateTime]::ParseExact($Matches[1], 'HH:mm:ss.fff', [cultureinfo]::InvariantCulture)
                break
            }
        }
        # The program ends with its process.
        $child.Kill()
        $child.WaitForExit()
        $latency.TotalSeconds | Should -BeLessThan 50
    }
}
