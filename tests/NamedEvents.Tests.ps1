# Events with the names of containers and of other hosts, from a golden capture: tables, lists and PowerShell's commands for objects. Nothing is loaded into the kernel, and no container runs.

Describe 'Events with names of containers and hosts' -Tag Unloaded {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'
        $all = @(Import-BeeEvent "$PSScriptRoot/fixtures/captures/v1/named.beecap")
        # Five events of this host, an entry and a histogram; then the same of another host.
        $here, $there = $all[0..4], $all[7..11]
        # Returns the objects as the lines of a table, as if one tool had sent only them.
        function Show([object[]] $Event, [int] $Width = 80) {
            $Event | Export-BeeEvent "$TestDrive/some.beecap" -Force | Out-Null
            @((Import-BeeEvent "$TestDrive/some.beecap" | Out-String -Width $Width) -split "`n" | ForEach-Object TrimEnd | Where-Object { $_ })
        }
    }

    AfterAll { $PSStyle.OutputRendering = $rendering }

    It 'begins a table with the container, and shows pods if there are any' {
        $table = Show $here
        $table[0] | Should -Match '^container +pod +namespace +mount comm +at$'
        $table[2] | Should -Match '^web +web-5d9c7 +shop +4026531808 nginx +\d\d:\d\d:\d\d\.\d{3}$'
        $table[3] | Should -Match '^ +4026531808 nginx +\d\d:\d\d:\d\d\.\d{3}$'
        $table[4] | Should -Match '^0123456789ab +4026531808 nginx '
        $table | Where-Object Length -gt 80 | Should -BeNullOrEmpty
        (Show $here[1, 2])[0] | Should -Match '^container +cgroup +mount comm +at$'
    }

    It 'begins a table of other hosts with their name' {
        $table = Show $there
        $table[0] | Should -Match '^PSComputerName +container '
        $table[2] | Should -Match '^db1 +web '
        $table | Where-Object Length -gt 80 | Should -BeNullOrEmpty
        $mixed = Show $all[7..12]
        $mixed[0] | Should -Match '^PSComputerName +MapName +container +'
        $mixed[-1] | Should -Match '^db1 +counter_placed web '
        $mixed | Where-Object Length -gt 80 | Should -BeNullOrEmpty
        (Show $all[-2])[0] | Should -Match '^PSComputerName +Time '
    }

    It 'has all names in lists, JSON, CSV and Get-Member' {
        $list = ($here[0] | Format-List | Out-String) -split "`n"
        'container : web', 'image     : docker.io/library/nginx:1.27', 'pod       : web-5d9c7', 'namespace : shop', 'node      : node1' | ForEach-Object { $list | Should -Contain $_ }
        $here[0] | ConvertTo-Json -Compress | Should -BeLike '*,"container":"web","image":"docker.io/library/nginx:1.27","pod":"web-5d9c7","namespace":"shop","node":"node1"}'
        ($here[1] | ConvertTo-Csv)[1] | Should -BeLike '*"nginx",,,,,'
        ($here[0] | Get-Member -MemberType Property).Name | Should -Contain namespace
        ($there[0] | Get-Member -MemberType Property).Name | Should -Contain PSComputerName
    }

    It 'groups, sorts and filters by a name' {
        ($here | Group-Object container -NoElement).Count | Should -Be 3
        @($here | Where-Object container -eq web).Count | Should -Be 2
        ($here | Sort-Object container, comm)[-1].container | Should -Be web
        $here[0] | Should -Be $here[1]
        $there.Late | Should -Be $false, $true, $false, $true, $false
    }

    It 'keeps the names through a capture, a clixml file and a job' {
        $all | Export-BeeEvent "$TestDrive/again.beecap" | Out-Null
        (Import-BeeEvent "$TestDrive/again.beecap").ForEach({ $_.ToJson() }) | Should -Be $all.ForEach({ $_.ToJson() })
        $all | Export-Clixml "$TestDrive/events.xml"
        $read = Import-Clixml "$TestDrive/events.xml"
        $read[0].container, $read[0].node, $read[7].PSComputerName, $read[8].Late, $read[-1].PSComputerName | Should -Be web, node1, db1, $true, db2
        ($read[0..4] | Out-String -Width 80) | Should -BeLike '*print_placed   container=web pod=web-5d9c7 *'
    }

    It 'heads a histogram with the names that it has' {
        ($all[6] | Out-String) | Should -BeLike '*hist_measured  cgroup=7 container=web pod=web-5d9c7 namespace=shop*'
        ($all[20] | Out-String) | Should -Not -BeLike '*container*'
        $all[6].container, $all[13].PSComputerName, $all[20].PSComputerName | Should -Be web, db1, $null
    }
}
