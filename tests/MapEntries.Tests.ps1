# Map entries, written to the usual file formats and read back.
Describe 'Map entries' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $source = Join-Path (Get-PSDrive TestDrive).Root kept.bpf.c
        Set-Content $source @'
#include "bee.h"
BEE_LICENSE("GPL");
enum verdict { LET_PASS, LET_DROP = 2 };
struct caller { pid_t pid; char comm[16]; u16 port; u64 at; };
struct limit { u64 rate; enum verdict action; ipv4_addr from; duration window; u8 tag[4]; ktime since; bool on; double part; s32 bits : 5; };
BEE_HASH(kept_limits, struct caller, struct limit, 64);
BEE_PERCPU_HASH(kept_counts, u32, u64, 64);
SEC("tracepoint/sched/sched_process_hang") int nothing(void *ctx) { return 0; }
'@
        $script:kept = $null
        if ([Environment]::UserName -eq 'root' -and (Test-Path /sys/kernel/btf/vmlinux) -and (Test-Path /sys/kernel/tracing/events/enable)) {
            $script:kept = Start-BeeProgram $source -Name "kept$PID" -WarningAction Ignore
        }

        function Reset-Entry {
            1..3 | ForEach-Object {
                @{ pid = $_; comm = "a, `"b`" $_"; port = 80 + $_; at = 18446744073709551615; rate = 1e15; action = 'LET_DROP'; from = "10.0.0.$_"; window = '1.5ms'; tag = 1, 2, 255; since = [datetime]::Now; on = $true; part = 0.1; bits = -3 }
            } | Set-BeeMapEntry kept_limits -Replace
            1..3 | ForEach-Object { @{ Key = $_; Value = $_ * 10 } } | Set-BeeMapEntry kept_counts -Replace
        }

        # Files store dates less precisely, so dates are compared separately.
        function Get-Text { Get-BeeMapEntry "kept_*" -Program "kept$PID" | Sort-Object MapName, { $_.Key.pid }, Key | ForEach-Object { "$_" -replace '"since":"[^"]*"' } }
    }
    AfterAll { if ($script:kept) { $script:kept | Stop-BeeProgram } }

    It 'are the same after JSON' {
        Skip-WithoutKernel
        Reset-Entry
        $before = Get-Text
        $file = Get-BeeMapEntry kept_limits, kept_counts -Program "kept$PID" | ConvertTo-Json -Depth 4
        Remove-BeeMapEntry kept_limits -All
        Remove-BeeMapEntry kept_counts -All
        $file | ConvertFrom-Json | Set-BeeMapEntry
        Get-Text | Should -Be $before
        @($before).Count | Should -Be 6
    }

    It 'are the same after CSV' {
        Skip-WithoutKernel
        Reset-Entry
        $before = Get-Text
        foreach ($map in 'kept_limits', 'kept_counts') {
            Get-BeeMapEntry $map | Export-Csv TestDrive:/$map.csv
            Remove-BeeMapEntry $map -All
            Import-Csv TestDrive:/$map.csv | Set-BeeMapEntry $map -Replace
        }
        Get-Text | Should -Be $before
        $since = (Get-BeeMapEntry kept_limits | Select-Object -First 1).since
        [Math]::Abs(([datetime]::Now - $since).TotalMinutes) | Should -BeLessThan 1
    }

    It 'can be changed in between, one field at a time' {
        Skip-WithoutKernel
        Reset-Entry
        $entries = Get-BeeMapEntry kept_limits | ConvertTo-Json -Depth 4 | ConvertFrom-Json
        $entries[0].rate = 7
        $entries[0] | Set-BeeMapEntry -ErrorVariable fault -ErrorAction SilentlyContinue
        $fault.FullyQualifiedErrorId | Should -BeLike 'MapEntry.Ambiguous,*'
        $entries[0].Value.rate = 7
        $entries[0] | Set-BeeMapEntry
        @(Get-BeeMapEntry kept_limits | Where-Object rate -eq 7).Count | Should -Be 1
    }

    It 'complete the names of maps and the fields' {
        Skip-WithoutKernel
        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
        Complete 'Set-BeeMapEntry kept_l' | Should -Contain kept_limits
        Complete 'Remove-BeeMapEntry kept_c' | Should -Contain kept_counts
        Complete 'Set-BeeMapEntry kept_limits -Key ' | Should -Be "@{ pid = 0; comm = ''; port = 0; at = 0 }"
        (Complete 'Set-BeeMapEntry kept_limits -Key 1 -Value ') -join '' | Should -Match 'rate = 0; action = 0'
        { Complete 'Set-BeeMapEntry nothing -Key ' } | Should -Not -Throw
    }

    It 'show a stack as a table of frames' {
        Skip-WithoutKernel
        $stacks = Join-Path (Get-PSDrive TestDrive).Root stacks.bpf.c
        Set-Content $stacks @'
#include "bee.h"
BEE_LICENSE("GPL");
BEE_PARAM(pid_t, target_pid, 0);
BEE_STACKS(stacks, 64);
struct opened { pid_t pid; kernel_stack_id kernel_stack; user_stack_id user_stack; };
BEE_RING(print_opened, struct opened, 4096);
SEC("tracepoint/syscalls/sys_enter_openat")
int opened(struct trace_event_raw_sys_enter *ctx)
{
    // The session's other threads open files as well, from libraries without symbols.
    static const char wanted[] = "/dev/null";
    char path[sizeof(wanted)] = "";
    struct opened *event;
    bpf_probe_read_user_str(path, sizeof(path), (const char *)ctx->args[1]);
    if (!bee_targeted(target_pid) || bpf_strncmp(path, sizeof(path), wanted) || !(event = bee_reserve(print_opened, struct opened)))
        return 0;
    event->pid = bee_pid();
    event->kernel_stack = bpf_get_stackid(ctx, &stacks, 0);
    event->user_stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
    bee_submit(event);
    return 0;
}
'@
        $running = Start-BeeProgram $stacks -Name "stacks$PID" -Parameter @{ target_pid = $PID } -MaxEvents 1
        try {
            [IO.File]::OpenRead('/dev/null').Dispose()
            $opened = $running | Receive-BeeEvent -Wait
        }
        finally { $running | Stop-BeeProgram }

        $opened.user_stack[0].Symbol | Should -Match 'open'
        $opened.user_stack[0].Module | Should -Match 'libc'
        $opened.user_stack.Folded | Should -Match ';[_a-z0-9]*open[_a-z0-9]*$'
        $screen = $opened.kernel_stack | Out-String -Width 80
        $screen | Should -Match '(?m)^0x[0-9a-f]{16} \w+\+0x[0-9a-f]+ +kernel\s*$'
        $screen | Should -Match 'Address +Function +Module'
        ($opened | ConvertTo-Json -WarningAction SilentlyContinue | ConvertFrom-Json).kernel_stack[0].Symbol | Should -Be $opened.kernel_stack[0].Symbol
        ($opened | ConvertTo-Csv | ConvertFrom-Csv).kernel_stack | Should -Be $opened.kernel_stack.Folded
        @($opened, $opened | Group-Object user_stack).Count | Should -Be 1
        @($opened, $opened | Sort-Object kernel_stack).Count | Should -Be 2
    }
}
