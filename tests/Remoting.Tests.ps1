# Objects of all kinds from other processes, through PowerShell's own jobs, files and remoting. They come from captures, so that no program is loaded.

Describe 'Objects from other processes' -Tag Unloaded {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $rendering = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = 'PlainText'
        $files = 'named', 'mixed', 'syscount', 'cpustack', 'runqlat' | ForEach-Object { Join-Path $PSScriptRoot fixtures captures v1 "$_.beecap" }
        $local = @(Import-BeeEvent $files)

        # Properties that PowerShell adds.
        $added = 'PSComputerName', 'RunspaceId', 'PSShowComputerName', 'PSSourceJobInstanceId'
        function Get-Json($Object) {
            $read = $Object | Select-Object * -ExcludeProperty $added
            $sorted = [ordered] @{}
            $read.psobject.Properties | Sort-Object Name | ForEach-Object { $sorted[$_.Name] = $_.Value }
            $sorted | ConvertTo-Json -Depth 8 -EnumsAsStrings -Compress
        }
        # The lines of a table or list on a screen of 80 columns, without empty ones.
        function Get-Line { @(($input | Out-String -Width 80) -split "`n" | ForEach-Object TrimEnd | Where-Object { $_ }) }
        function Get-Type($Object) { $Object.GetType().FullName }
    }

    AfterAll { $PSStyle.OutputRendering = $rendering }

    It 'are of their own types from a job and from a file' {
        $job = Start-Job { Import-Module $using:module; Import-BeeEvent $using:files }
        $read = @($job | Receive-Job -Wait -AutoRemoveJob)
        $read | Export-Clixml "$TestDrive/all.xml"
        $file = @(Import-Clixml "$TestDrive/all.xml")

        $read.Count, $file.Count | Should -Be $local.Count, $local.Count
        foreach ($i in 0..($local.Count - 1)) {
            # Lines of text have no types to decode.
            if ($local[$i] -isnot [Bee.Ebpf.Events.IteratorLine]) {
                (Get-Type $read[$i]), (Get-Type $file[$i]) | Should -Be (Get-Type $local[$i]), (Get-Type $local[$i])
            }
            "$($read[$i])", "$($file[$i])" | Should -BeExactly "$($local[$i])", "$($local[$i])"
        }
        $event = $read | Where-Object MapName -eq print_seen | Select-Object -First 1
        ($event.mood -eq 'TENSE'), ($event.mood -eq [int] $event.mood) | Should -Be $true, $true
        $event.at.Kind | Should -Be Local
        $event | Get-Line | Should -BeExactly ($local | Where-Object MapName -eq print_seen | Select-Object -First 1 | Get-Line)
        ($event | ConvertTo-Csv | ConvertFrom-Csv).at | Should -BeExactly ($local | Where-Object MapName -eq print_seen)[0].at.ToString('O')
        ($read | Where-Object MapName -eq hist_runq_ns | Select-Object -Last 1 | Get-Line)[-1] | Should -Match '^26 values'
    }

    It 'have a table from a job on a thread' {
        $calls = $files[2]
        $read = @(Start-ThreadJob { Import-Module $using:module; Import-BeeEvent $using:calls } | Receive-Job -Wait -AutoRemoveJob)
        ($read[0] | Get-Line)[0] | Should -Match '^call +comm +Value$'
        $read[0] -is [Bee.Ebpf.Records.MapEntry] | Should -BeTrue
    }

    It 'have the values, the table and the computer of another host' {
        Skip-WithoutSsh
        $hosts = Start-SshHost alpha
        $path = $env:PATH
        try {
            $env:PATH = "$($hosts.Path):$path"
            $session = New-PSSession -HostName alpha
            $read = @(Invoke-Command $session { Import-Module $using:module; Import-BeeEvent $using:files })
            $check = Invoke-Command $session { Test-BeeHost -Name KernelVersion }
            $capture = Invoke-Command $session { Import-BeeEvent $using:files[0] -Summary }
            $hidden = Invoke-Command $session -HideComputerName { Import-BeeEvent $using:files | Where-Object MapName -eq counter_calls | Select-Object -Last 1 }
        }
        finally {
            $env:PATH = $path
            if ($session) { Remove-PSSession $session }
            Stop-SshHost $hosts
        }

        $read.Count | Should -Be $local.Count
        foreach ($i in 0..($local.Count - 1)) { Get-Json $read[$i] | Should -BeExactly (Get-Json $local[$i]) }
        $event = $read | Where-Object MapName -eq print_seen | Select-Object -First 1
        ($event.mood -eq 'TENSE'), $event.at.Kind | Should -Be $true, 'Local'

        # The table is right from the first object on, and after PowerShell's own commands.
        $lines = $event | Get-Line
        $lines[0] | Should -Match '^PSComputerName at +pid +uid'
        $lines[2] | Should -Match '^alpha +\d\d:\d\d:\d\d\.\d{3} +\d+ root'
        $lines | ForEach-Object Length | Should -BeLessOrEqual 80
        ($read | Where-Object MapName -eq counter_calls | Sort-Object Value | Select-Object -Last 1 | Get-Line)[0] | Should -Match '^PSComputerName call +comm +Value$'
        ($read | Where-Object MapName -eq hist_runq_ns | Select-Object -Last 1 | Get-Line)[0] | Should -BeExactly 'hist_runq_ns  PSComputerName=alpha comm=sh'
        $list = $event | Format-List | Get-Line
        $list[0] | Should -Match 'PSComputerName +: alpha$'
        @($list -match 'RunspaceId|Packed').Count | Should -Be 0
        ($hidden | Get-Line)[0] | Should -Match '^call +comm +Value$'
        $check.State -eq 'Ok' | Should -BeTrue
        ($check | Get-Line)[0] | Should -Match '^PSComputerName +Name +State +Message$'
        ($check | Get-Line)[2] | Should -Match '^alpha +KernelVersion +Ok '
        $capture.PSComputerName | Should -Be alpha
        ($capture | Get-Line)[0] | Should -Match '^PSComputerName +Started +Events +Lost +Size +Files +Path$'
        ($capture.Streams[0] | Get-Line)[0] | Should -Match '^Name +Events +Lost$'

        # Records that are longer or shorter than their type have its table, also when the session knows the type.
        foreach ($cut in $read | Where-Object { $_.psobject.TypeNames[0] -match '_(longer|truncated)_' }) {
            1..2 | ForEach-Object { ($cut | Get-Line)[0] | Should -Match '^PSComputerName +' }
        }

        # A capture takes them as well.
        $event | Export-BeeEvent "$TestDrive/remote.beecap"
        "$(Import-BeeEvent "$TestDrive/remote.beecap")" | Should -BeExactly "$(($local | Where-Object MapName -eq print_seen)[0])"

        # Bee's own objects come back from a file with their computer.
        $event | Export-Clixml "$TestDrive/remote.xml"
        $back = Import-Clixml "$TestDrive/remote.xml"
        Get-Type $back | Should -Be (Get-Type ($local | Where-Object MapName -eq print_seen)[0])
        ($back | Get-Line)[0] | Should -Match '^PSComputerName at '
    }

    It 'have a table with the computer, and enums with names, for each type that a command writes' {
        $types = @((Get-Command -Module Bee -CommandType Cmdlet).OutputType.Type | Where-Object { $_.Namespace -like 'Bee.*' -and -not $_.IsAssignableTo([Bee.Ebpf.Records.BpfEvent]) } | Sort-Object FullName -Unique)
        $types.Count | Should -BeGreaterThan 10
        foreach ($type in $types) {
            $table = (Get-FormatData "$type#Remote").FormatViewDefinition.Control | Select-Object -First 1
            $labels = $table.Headers.Label
            $labels[0] | Should -BeExactly PSComputerName -Because "$type needs a view for objects of other computers"
            # A column without a width needs ten characters.
            ($table.Headers.Width | ForEach-Object { $_ ? $_ : 10 } | Measure-Object -Sum).Sum + $labels.Count - 1 | Should -BeLessOrEqual 79 -Because "the table of $type must fit"
        }

        # The types of the properties, and of theirs, and of the items of lists.
        $all = [Collections.Generic.HashSet[type]]::new()
        $next = $types
        while ($next) {
            $next = @($next | Where-Object { $all.Add($_) } | ForEach-Object { $_.GetProperties().PropertyType } | Where-Object { $_ } | ForEach-Object { $_; $_.GenericTypeArguments; $_.GetElementType() } |
                    Where-Object { $_.Namespace -like 'Bee.*' } | Sort-Object FullName -Unique)
        }
        $enums = @($all | Where-Object IsEnum)
        $enums.Count | Should -BeGreaterThan 5
        foreach ($enum in $enums) { (Get-TypeData $enum.FullName).SerializationMethod | Should -Be String -Because "$enum must compare by name" }
    }

    It 'are plain values without the module' {
        $local | Where-Object MapName -eq print_seen | Select-Object -First 1 | Export-Clixml "$TestDrive/one.xml"
        $text = Invoke-PowerShell -Command "`$e = Import-Clixml '$TestDrive/one.xml'; `$e.mood; `$e.at.Kind; `$e.pid -is [int]; @(`$e.psobject.Properties.Name -match 'Packed').Count"
        $text | Should -Be 'TENSE', 'Local', 'True', '0'
    }

    It 'are not decoded from damaged bytes' {
        $local | Where-Object MapName -eq print_seen | Select-Object -First 1 | Export-Clixml "$TestDrive/bad.xml"
        $xml = Get-Content -Raw "$TestDrive/bad.xml"
        $bytes = [regex]::Match($xml, '<BA N="Bytes">([^<]+)</BA>').Groups[1].Value
        foreach ($bad in 'AQ==', ('A' * 400), ('//' + $bytes.Substring(2)), ($bytes.Substring(0, 200) + 'AAAA' + $bytes.Substring(204))) {
            $xml.Replace($bytes, $bad) | Set-Content "$TestDrive/bad.xml"
            $read = Import-Clixml "$TestDrive/bad.xml"
            $read.mood | Should -BeIn 'TENSE', 5
            $read | Out-String | Should -Not -BeNullOrEmpty
        }
    }
}
