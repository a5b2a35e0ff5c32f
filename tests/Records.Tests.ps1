# Every kind of value with PowerShell's commands for objects: JSON, CSV, sorting, grouping, comparing with a literal. The bytes are a constant in
# a compiled program, so clang lays them out. Nothing is loaded into the kernel.

BeforeDiscovery {
    # Name, a literal for Where-Object, the JSON, the text in a CSV file.
    $values = @(
        @{ Name = 'small'; Literal = 200; Json = '200'; Csv = '200' }
        @{ Name = 'negative'; Literal = -5; Json = '-5'; Csv = '-5' }
        @{ Name = 'big'; Literal = 18446744073709551615; Json = '18446744073709551615'; Csv = '18446744073709551615' }
        @{ Name = 'least'; Literal = -9223372036854775808; Json = '-9223372036854775808'; Csv = '-9223372036854775808' }
        @{ Name = 'wide'; Literal = [bigint]::Parse('-170141183460469231731687303715884105728'); Json = '-170141183460469231731687303715884105728'; Csv = '-170141183460469231731687303715884105728' }
        @{ Name = 'single'; Literal = 1.1; Json = '1.1'; Csv = '1.1' }
        @{ Name = 'double_'; Literal = 0.1; Json = '0.1'; Csv = '0.1' }
        @{ Name = 'yes'; Literal = $true; Json = 'true'; Csv = 'True' }
        @{ Name = 'pointer'; Literal = 0xffff888012345678ul; Json = '18446612682375452280'; Csv = '18446612682375452280' }
        @{ Name = 'state'; Literal = 'ST_RUNNING'; Json = '5'; Csv = 'ST_RUNNING' }
        @{ Name = 'modes'; Literal = 'MD_READ, MD_EXEC'; Json = '5'; Csv = 'MD_READ, MD_EXEC' }
        @{ Name = 'error'; Literal = 'ENOENT'; Json = '2'; Csv = 'ENOENT' }
        @{ Name = 'sig'; Literal = 'SIGKILL'; Json = '9'; Csv = 'SIGKILL' }
        @{ Name = 'text'; Literal = 'ssh "q",é'; Json = '"ssh \"q\",é"'; Csv = 'ssh "q",é' }
        @{ Name = 'full'; Literal = 'abcd'; Json = '"abcd"'; Csv = 'abcd' }
        @{ Name = 'v4'; Literal = '192.0.2.1'; Json = '"192.0.2.1"'; Csv = '192.0.2.1' }
        @{ Name = 'v6'; Literal = '2001:db8::1'; Json = '"2001:db8::1"'; Csv = '2001:db8::1' }
        @{ Name = 'mac'; Literal = '02:00:5e:10:00:01'; Json = '"02:00:5e:10:00:01"'; Csv = '02:00:5e:10:00:01' }
        @{ Name = 'port'; Literal = 443; Json = '443'; Csv = '443' }
        @{ Name = 'latency'; Literal = 1234567; Json = '1234567'; Csv = '1234567' }
        @{ Name = 'bits'; Literal = -3; Json = '-3'; Csv = '-3' }
        @{ Name = 'inner'; Literal = 77; Json = '77'; Csv = '77' }
        @{ Name = 'GetType_2'; Literal = 3; Json = '3'; Csv = '3' }
        @{ Name = 'Pid'; Literal = 1; Json = '1'; Csv = '1' }
        @{ Name = 'pid_2'; Literal = 2; Json = '2'; Csv = '2' }
        @{ Name = 'MapName'; Literal = 'print_values'; Json = '"print_values"'; Csv = 'print_values' }
    )
    # Values that cannot be compared with a literal.
    $compound = @(
        @{ Name = 'raw'; Json = '[1,2,255,0]' }
        @{ Name = 'numbers'; Json = '[1,65535,0]' }
        @{ Name = 'grid'; Json = '[[-2,-1,0],[1,2,3]]' }
        @{ Name = 'names'; Json = '["ab c","12345678"]' }
        @{ Name = 'hops'; Json = '["1.2.3.4","5.6.7.8"]' }
        @{ Name = 'point'; Json = '{"x":-1,"y":2}' }
        @{ Name = 'points'; Json = '[{"x":0,"y":1},{"x":2,"y":3}]' }
        @{ Name = 'both'; Json = '{"word":67305985,"bytes":[1,2,3,4]}' }
    )
}

Describe 'Records' -Tag Unloaded {
    BeforeAll {
        $reason = if (-not (Get-Command clang -CommandType Application -ErrorAction Ignore)) { 'clang is not on PATH' }
        elseif (-not (Test-Path /sys/kernel/btf/vmlinux)) { 'this kernel has no BTF to compile against' }
        if ($reason) { return }
        Import-Module "$PSScriptRoot/../module/Bee"
        @'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "bee.h"
enum run_state { ST_IDLE, ST_RUNNING = 5 }; enum file_mode { MD_READ = 1, MD_WRITE = 2, MD_EXEC = 4 };
struct two { s16 x, y; };
struct values {
    u8 small; s8 negative; u64 big; s64 least; __int128 wide; float single; double double_; bool yes; void *pointer; enum run_state state; enum file_mode modes;
    errno_value error; signal_nr sig; char text[16], full[4]; ipv4_addr v4; ipv6_addr v6; mac_addr mac; net_port port; duration latency; ktime at; int bits : 5; struct { int inner; };
    int GetType, Pid, pid; u8 raw[4]; u16 numbers[3]; int grid[2][3]; char names[2][8]; ipv4_addr hops[2]; struct two point, points[2]; union { u32 word; u8 bytes[4]; } both;
};
const volatile struct values sample = {
    200, -5, ~0ull, -9223372036854775807ll - 1, -((__int128)1 << 126) * 2, 1.1f, 0.1, 1, (void *)0xffff888012345678, ST_RUNNING, MD_READ | MD_EXEC,
    -2, 9, "ssh \"q\",\xc3\xa9", "abcd", 0x010200c0, { { 0x20, 1, 0xd, 0xb8, [15] = 1 } }, { 2, 0, 0x5e, 0x10, 0, 1 }, 0xbb01, 1234567, 5000000000, -3, { 77 },
    3, 1, 2, { 1, 2, 255, 0 }, { 1, 65535, 0 }, { { -2, -1, 0 }, { 1, 2, 3 } }, { "ab c", "12345678" }, { 0x04030201, 0x08070605 }, { -1, 2 }, { { 0, 1 }, { 2, 3 } }, { 0x04030201 },
};
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct values); } print_values SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_getpgid") int on(void *ctx) { bpf_ringbuf_output(&print_values, (void *)&sample, 1, 0); return 0; }
char LICENSE[] SEC("license") = "GPL";
'@ | Set-Content $TestDrive/values.bpf.c
        $object = Invoke-BeeBuild $TestDrive/values.bpf.c -BinaryOnly -OutFile $TestDrive/values.o
        $file = [Bee.Ebpf.Objects.ObjectFile]::Read($object.FullName)
        # The type is internal, so PowerShell finds it only by reflection.
        $recordType = [Bee.Ebpf.Objects.ObjectFile].Assembly.GetType('Bee.Ebpf.Records.RecordType')
        $type = $recordType::ForEvent(($file.Maps | Where-Object Name -EQ print_values))
        $bytes = ($file.Parameters | Where-Object Name -EQ sample).Default.ToArray()
        $record, $same = 1..2 | ForEach-Object { $type.Decode($bytes) }
        $row = $record | ConvertTo-Csv | ConvertFrom-Csv
    }

    BeforeEach { if ($reason) { Set-ItResult -Skipped -Because $reason } }

    It '<Name> is JSON <Json>' -ForEach ($values + $compound) {
        $record | Select-Object $Name | ConvertTo-Json -Depth 5 -Compress | Should -BeExactly "{`"$Name`":$Json}"
    }

    It '<Name> survives a CSV file' -ForEach $values {
        $row.$Name | Should -BeExactly $Csv
    }

    It '<Name> survives a CSV file as JSON' -ForEach $compound {
        $row.$Name | Should -BeExactly $Json
    }

    It '<Name> equals its literal' -ForEach $values {
        @($record | Where-Object $Name -EQ $Literal).Count | Should -Be 1
        @($record | Where-Object $Name -NE $Literal).Count | Should -Be 0
    }

    It '<Name> sorts and groups' -ForEach ($values + $compound) {
        $groups = @($record, $same | Group-Object $Name)
        $groups.Count | Should -Be 1
        $groups[0].Count | Should -Be 2
        @($record, $same | Sort-Object $Name -ErrorAction Stop).Count | Should -Be 2
        @($record, $same | Sort-Object $Name -Unique).Count | Should -Be 1
    }

    It 'dates keep their ticks in JSON' {
        ($record | Select-Object at | ConvertTo-Json | ConvertFrom-Json).at | Should -Be $record.at
        $record.at.Kind | Should -Be Local
    }

    It 'arrays work with indexes, operators, the pipeline and methods for arrays' {
        $record.numbers[-1] | Should -Be 0
        $record.grid[1][2] | Should -Be 3
        $record.numbers -join ',' | Should -Be '1,65535,0'
        $record.numbers -contains 65535 | Should -BeTrue
        ($record.numbers | Measure-Object).Count | Should -Be 3
        [BitConverter]::ToString($record.raw) | Should -Be '01-02-FF-00'
        ([byte[]] $record.raw).GetType() | Should -Be ([byte[]])
        $record.points.x -join ',' | Should -Be '0,2'
    }

    It 'a whole record survives JSON' {
        $back = $record | ConvertTo-Json -Depth 5 | ConvertFrom-Json
        $back.point.y | Should -Be 2
        $back.points[1].x | Should -Be 2
        $back.both.bytes[3] | Should -Be 4
        "$record" | ConvertFrom-Json | ForEach-Object text | Should -Be $record.text
    }
}
