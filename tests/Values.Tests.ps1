Describe 'A value of every kind' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1

        function Get-Everything([int] $Count = 1) {
            $running = Start-BeeProgram (Join-Path $root tests fixtures values.bpf.c) -Parameter @{ target_pid = $PID } -MaxEvents $Count
            try {
                1..$Count | ForEach-Object { [IO.File]::OpenRead('/dev/null').Dispose() }
                $running | Receive-BeeEvent -Wait
            }
            finally {
                $running | Stop-BeeProgram
            }
        }
        if ([Environment]::UserName -eq 'root') {
            $events = @(Get-Everything 3)
            $all = $events[0]
        }

        # What a value is when it has to be compared with one that was read from text.
        function Get-Text($Value) {
            if ($Value -is [enum]) { $Value = $Value.value__ }
            if ($Value -is [datetime]) { return $Value.ToUniversalTime().ToString('o') }
            $Value | ConvertTo-Json -Depth 9 -Compress
        }
    }

    It 'has the value that the program gave it' {
        Skip-WithoutKernel
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

    It 'survives ConvertTo-Json' {
        Skip-WithoutKernel
        $back = $all | ConvertTo-Json -Depth 9 | ConvertFrom-Json -AsHashtable
        foreach ($property in $all.PSObject.Properties) {
            Get-Text $back[$property.Name] | Should -BeExactly (Get-Text $property.Value) -Because $property.Name
        }
    }

    It 'survives ConvertTo-Json with names of enums' {
        Skip-WithoutKernel
        $back = $all | ConvertTo-Json -Depth 9 -EnumsAsStrings | ConvertFrom-Json
        $back.colour, $back.error, $back.signal | Should -Be 'BLUE', 'ENOENT', 'SIGKILL'
    }

    It 'survives Export-Csv' {
        Skip-WithoutKernel
        $file = Join-Path TestDrive: values.csv
        $events | Export-Csv $file
        $back = Import-Csv $file
        $back.Count | Should -Be 3
        foreach ($property in $all.PSObject.Properties) {
            $text = $back[0].($property.Name)
            $value = $property.Value
            # Export-Csv writes dates to the second, whoever made them.
            if ($value -is [datetime]) { ([datetime] $text - $value).TotalSeconds | Should -BeGreaterThan -1 -Because $property.Name }
            elseif ($value -is [Collections.IEnumerable] -and $value -isnot [string] -or $value.GetType().Namespace -notmatch '^System' -and $value -isnot [enum]) {
                Get-Text ($text | ConvertFrom-Json -NoEnumerate) | Should -BeExactly (Get-Text $value) -Because $property.Name
            }
            # PowerShell itself takes text to a BigInteger by way of a double.
            elseif ($value -is [bigint]) { [bigint]::Parse($text) | Should -Be $value }
            else { $text -as $value.GetType() | Should -BeExactly $value -Because $property.Name }
        }
    }

    It 'is found by Where-Object with a literal' {
        Skip-WithoutKernel
        $found = $events |
            Where-Object s8 -eq -128 | Where-Object u64 -eq 18446744073709551615 | Where-Object yes | Where-Object wide -eq 1267650600228229401496703205377n |
            Where-Object colour -eq BLUE | Where-Object colour -eq 70000 | Where-Object error -eq ENOENT | Where-Object error -eq 2 | Where-Object signal -eq SIGKILL |
            Where-Object text -like caf* | Where-Object full -eq full | Where-Object ip4 -eq 192.0.2.1 | Where-Object ip6 -eq 2001:db8::1 | Where-Object mac -eq 02:00:00:00:00:fe |
            Where-Object port -eq 8080 | Where-Object size -gt 4gb | Where-Object at -gt ([datetime]::Now.AddMinutes(-5)) |
            Where-Object { $_.inner.port -eq 80 } | Where-Object { $_.bytes[4] -eq 255 } | Where-Object low -eq 5 | Where-Object Text_2 -eq 7
        $found.Count | Should -Be 3
    }

    It 'can be sorted and grouped by' {
        Skip-WithoutKernel
        foreach ($name in $all.PSObject.Properties.Name) {
            ($events | Sort-Object $name -Descending).Count | Should -Be 3 -Because $name
            if ($name -notin 'at', 'since') { @($events | Group-Object $name).Count | Should -Be 1 -Because $name }
        }
        ($events | Sort-Object at -Descending)[0].at | Should -BeGreaterOrEqual $events[0].at
    }

    It 'is shown in 80 columns' {
        Skip-WithoutKernel
        foreach ($text in ($events | Out-String -Width 80), ($events | Format-List | Out-String -Width 80)) {
            $text -split "`n" | ForEach-Object { ($_ -replace "`e\[[0-9;]*m").TrimEnd().Length | Should -BeLessOrEqual 80 }
        }
    }
}
