Describe 'A program in the pipeline' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $object = Join-Path TestDrive: execsnoop.o
        $store = Join-Path (Get-PSDrive TestDrive).Root store
        $null = Invoke-BeeBuild (Join-Path $root examples execsnoop) -Tag test/execsnoop:v1 -OutFile $object -Store $store
        $load = Start-Load
        $parameter = @{ target_pid = $load.Id }
    }
    AfterAll {
        $load.Kill($true)
        $load.Dispose()
    }

    It 'ends at Select-Object -First and leaves nothing in the kernel' {
        Skip-WithoutKernel
        $before = @(Get-KernelId)
        $during = $null
        $events = Invoke-BeeProgram $object -Parameter $parameter | ForEach-Object { $during ??= @(Get-KernelId); $_ } | Select-Object -First 1
        $events | Should -HaveCount 1
        $during.Count | Should -BeGreaterThan $before.Count
        @(Get-KernelId) | Should -Be $before
    }

    It 'runs an image from the pipeline' {
        Skip-WithoutKernel
        Get-BeeImage test/execsnoop:v1 -Store $store | Invoke-BeeProgram -Parameter $parameter | Select-Object -First 2 | Should -HaveCount 2
    }

    It 'is sorted, grouped and measured' {
        Skip-WithoutKernel
        $events = Invoke-BeeProgram $object -Parameter $parameter -MaxEvents 6
        ($events | Group-Object comm | Sort-Object Count -Descending).Name | Should -Contain true
        ($events | Measure-Object pid -Minimum).Minimum | Should -BeGreaterThan 0
        $events | Where-Object comm -eq true | Select-Object -ExpandProperty parent_pid -Unique | Should -Be $load.Id
    }

    It 'shows the first row at once, in its own table' {
        Skip-WithoutKernel
        $lines = Get-Screen "Invoke-BeeProgram '$((Get-Item $object).FullName)' -Parameter @{ target_pid = $($load.Id) } -MaxEvents 4" | Where-Object { $_ }
        $lines[0] | Should -Match '\bpid\b.*\bcomm\b'
        $lines | Should -HaveCount 6
        $lines.Length | ForEach-Object { $_ | Should -BeLessOrEqual 80 }
    }

    It 'imports no other module' {
        Skip-WithoutKernel
        Get-Screen "`$null = Invoke-BeeProgram '$((Get-Item $object).FullName)' -Parameter @{ target_pid = $($load.Id) } -MaxEvents 1; (Get-Module).Name" | Where-Object { $_ } | Should -Be Bee
    }

    It 'becomes a job when Start-ThreadJob runs it, and a stopped job detaches it' {
        Skip-WithoutKernel
        if (-not (Get-Command Start-ThreadJob -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'this PowerShell has no Start-ThreadJob' }
        $before = @(Get-KernelId)
        $job = Start-ThreadJob { Import-Module $using:module; Invoke-BeeProgram $using:object -Parameter $using:parameter }
        Wait-Until { @(Get-KernelId).Count -gt $before.Count -or $job.State -notin 'Running', 'NotStarted' }
        $job | Stop-Job -PassThru | Remove-Job -Force
        Wait-Until { -not (Compare-Object @(Get-KernelId) $before) }
    }
}

Describe 'A view of 80 columns' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $store = Join-Path (Get-PSDrive TestDrive).Root store
        $null = Invoke-BeeBuild (Join-Path $root examples execsnoop) -Tag registry.example.org/a/long/path/to/execsnoop:v1 -Store $store
    }

    It 'shows images as a table and as a list' {
        foreach ($script in "Get-BeeImage -Store '$store'", "Get-BeeImage -Store '$store' | Format-List") {
            $lines = Get-Screen $script
            $lines -join "`n" | Should -Match execsnoop
            $lines.Length | ForEach-Object { $_ | Should -BeLessOrEqual 80 }
        }
        Get-Screen "Get-BeeImage -Store '$store' | Format-List" | Where-Object { $_ -match 'target_pid' } | Should -Not -BeNullOrEmpty
    }

    It 'shows background sessions and maps' {
        Skip-WithoutKernel
        $lines = Get-Screen @"
            `$running = Start-BeeProgram '$root/examples/execsnoop/execsnoop.bpf.c' -Parameter @{ target_pid = `$PID }
            Get-BeeProgram; Get-BeeProgram | Format-List; Get-BeeMap; Get-BeeMap | Format-List; Stop-BeeProgram *
"@
        $lines -join "`n" | Should -Match '(?s)execsnoop.*Running.*print_starts'
        $lines.Length | ForEach-Object { $_ | Should -BeLessOrEqual 80 }
    }
}
