# Histograms with PowerShell's own commands, in files and on a screen. The program observes this process only.

Describe 'Histograms' {
    BeforeAll {
        . "$PSScriptRoot/Support.ps1"
        if ((id -u) -ne 0 -or -not (Test-Path /sys/kernel/btf/vmlinux)) { return }
        # Changes of folder take 1500 ns and 5 ms in turn.
        @'
#include "bee.h"
BEE_LICENSE("GPL");
BEE_PARAM(pid_t, target_pid, 0);
struct who { char kind[8]; uid_t uid; };
BEE_HISTOGRAM(hist_took_ns, struct who, 16);
BEE_HISTOGRAM(hist_steps, u32, 16);
static u32 calls;
SEC("tracepoint/syscalls/sys_enter_chdir")
int on_chdir(void *ctx)
{
    struct who who = { .kind = "folder" };
    u32 number = 7;
    if (!bee_targeted(target_pid))
        return 0;
    bee_observe_log2(&hist_took_ns, &who, calls++ % 2 ? 5000000 : 1500);
    bee_observe_linear(&hist_steps, &number, 250, 0, 100);
    return 0;
}
'@ | Set-Content "$TestDrive/took.bpf.c"
        'maps: { hist_steps: { scale: { step: 100 }, unit: packets, labels: [Key] } }' | Set-Content "$TestDrive/bee.yaml"
        Invoke-BeeBuild $TestDrive -Tag test/took:v1 -Store "$TestDrive/store" | Out-Null
        $program = Start-BeeProgram test/took:v1 -Store "$TestDrive/store" -Parameter @{ target_pid = $PID } -Interval 1h
        1..4 | ForEach-Object { [Environment]::CurrentDirectory = $TestDrive }
        [Environment]::CurrentDirectory = $PSScriptRoot
        $program | Stop-BeeProgram
        $all = $program | Receive-BeeEvent
        $took = $all | Where-Object MapName -eq hist_took_ns
    }
    BeforeEach { Skip-WithoutKernel }

    It 'can be filtered and grouped by labels and counts' {
        $took.Count | Should -BeGreaterOrEqual 4
        @($all | Where-Object kind -eq folder).Count | Should -Be 1
        ($all | Group-Object kind | Where-Object Name -eq folder).Count | Should -Be 1
        ($took | Measure-Object Count -Sum).Sum | Should -Be $took.Count
        ($took.Buckets | Sort-Object Count -Descending | Select-Object -First 1).Count | Should -BeGreaterOrEqual 2
    }
    It 'is written to JSON and CSV with its buckets' {
        $read = $took | ConvertTo-Json | ConvertFrom-Json
        $read.kind | Should -Be folder
        $read.Unit | Should -Be ns
        ($read.Buckets | Measure-Object Count -Sum).Sum | Should -Be $took.Count
        $read.Buckets[0].From | Should -Be 1024
        $took | Export-Csv "$TestDrive/h.csv"
        $read = Import-Csv "$TestDrive/h.csv"
        $read.Count | Should -Be $took.Count
        ($read.Buckets | ConvertFrom-Json)[0].To | Should -Be 2048
    }
    It 'follows the metadata in bee.yaml' {
        $steps = $all | Where-Object MapName -eq hist_steps
        $steps.Key | Should -Be 7
        $steps.Buckets[0].From | Should -Be 200
        $steps.Buckets[0].To | Should -Be 300
        ($steps | Out-String -Width 80) -split "`n" | ForEach-Object TrimEnd | Select-Object -First 2 | Select-Object -Last 1 | Should -Match '^hist_steps \(packets\)  Key=7$|^\[200, 300\)'
    }
    It 'is drawn within 80 columns, and as lists and tables only on request' {
        $screen = ($took | Out-String -Width 80) -split "`n" | ForEach-Object TrimEnd
        $screen | Should -Contain 'hist_took_ns  kind=folder uid=root'
        @($screen -match '^\[1us, 2us\) +\d+ \|@+ *\|$').Count | Should -Be 1
        @($screen -match '^\[4\.2ms, 8\.4ms\) +\d+ \|@+ *\|$').Count | Should -Be 1
        ($screen | Measure-Object Length -Maximum).Maximum | Should -BeLessThan 80
        ($took | Format-Table kind, Count | Out-String) | Should -Not -Match '@@'
        ($took | Format-List | Out-String) | Should -Match 'Unit +: ns'
    }
    It 'returns the bucket of a quantile' {
        $took.QuantileBucket(0.99).To | Should -Be 8388608
        { $took.Quantile(99) } | Should -Throw '*from 0 to 1*'
    }
}
