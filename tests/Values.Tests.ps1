# The complete way of every kind of value, from a program in the kernel to a property. PowerShell's handling of values is tested in Records.Tests.ps1.
Describe 'A value of every kind' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1

    }

    It 'has the value that the program gave it' {
        Skip-WithoutKernel
        $running = Start-BeeProgram (Join-Path $root tests fixtures values.bpf.c) -Parameter @{ target_pid = $PID } -MaxEvents 1
        try {
            [IO.File]::OpenRead('/dev/null').Dispose()
            $all = $running | Receive-BeeEvent -Wait
        }
        finally {
            $running | Stop-BeeProgram
        }

        $all.s8, $all.s16, $all.s32, $all.s64 | Should -Be -128, -32768, ([int]::MinValue), ([long]::MinValue)
        $all.u8, $all.u16, $all.u32, $all.u64 | Should -Be 255, 65535, ([uint]::MaxValue), ([ulong]::MaxValue)
        $all.yes | Should -BeExactly $true
        $all.wide | Should -Be ([bigint]::Pow(2, 100) + 1)
        "$($all.colour) $($all.error) $($all.signal)" | Should -Be 'BLUE ENOENT SIGKILL'
        $all.text, $all.full | Should -Be "caf$([char]0xe9)", 'full'
        $all.quoted | Should -BeExactly "a `"b`", c;`n'd'\"
        $all.bytes | Should -Be 0, 1, 127, 128, 255
        $all.numbers[2] | Should -Be ([uint]::MaxValue - 2)
        $all.grid[1][2] | Should -Be -2
        $all.inner.port, $all.inner.name, $all.inners[1].name | Should -Be 80, 'http', 'https'
        $all.low, $all.high | Should -Be 5, 8191
        $all.ip4, $all.ip6, $all.mac | Should -Be '192.0.2.1', '2001:db8::1', '02:00:00:00:00:fe'
        $all.port, $all.network | Should -Be 8080, 0x01020304
        [Math]::Abs(([datetime]::Now - $all.at).TotalMinutes) | Should -BeLessThan 1
        [Math]::Abs(($all.at - $all.since).TotalSeconds) | Should -BeLessThan 0.1
        $all.took, $all.size, $all.call | Should -Be 1234567, 5000000000, 257
    }
}
