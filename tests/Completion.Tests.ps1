BeforeDiscovery { . $PSScriptRoot/Support.ps1 }

Describe 'Tab completion' -Tag Unloaded {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $env:BEE_STORE = Join-Path (Get-PSDrive TestDrive).Root store
        $null = Invoke-BeeBuild (Join-Path $root examples opensnoop) -Tag test/opensnoop:v1
        $null = Copy-BeeImage test/opensnoop:v1 other/thing:v2

        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
    }
    AfterAll { $env:BEE_STORE = $null }

    It 'completes images for <_>' -ForEach 'Get-BeeImage', 'Invoke-BeeProgram', 'Remove-BeeImage', 'Copy-BeeImage' {
        Complete "$_ test/" | Should -Contain test/opensnoop:v1
        Complete "$_ ot" | Should -Contain other/thing:v2
    }

    It 'completes the tool''s maps' {
        Complete 'Invoke-BeeProgram test/opensnoop:v1 -Map pr' | Should -Contain print_opens
    }

    It 'completes the tool''s parameters' {
        (Complete 'Invoke-BeeProgram test/opensnoop:v1 -Parameter ') -join ' ' | Should -Match 'target_pid'
    }

    It 'completes the kinds of new programs' {
        Complete 'New-BeeProgram x.bpf.c -ProgramType xd' | Should -Be xdp, xdp.frags
        Complete 'New-BeeProgram x.bpf.c -MapType R' | Should -Be RingBuffer
        Complete 'New-BeeProgram x.bpf.c -Template opens' | Should -Be opensnoop
    }

    It 'completes the kernel''s tracepoints and functions' {
        Skip-WithoutKernel
        Complete 'New-BeeProgram x.bpf.c -AttachTo sched/sched_sw' | Should -Contain sched/sched_switch
        # A tracepoint, by the beginning of its name without the category.
        Complete 'New-BeeProgram x.bpf.c -AttachTo sys_enter_openat' | Should -Contain syscalls/sys_enter_openat
        # By a part of the name, if no name begins with the text.
        Complete 'New-BeeProgram x.bpf.c -AttachTo openat' | Should -Contain syscalls/sys_exit_openat
        Complete 'New-BeeProgram x.bpf.c -ProgramType fentry -AttachTo fs_ope' | Should -Contain vfs_open
        Complete 'New-BeeProgram x.bpf.c -ProgramType fentry -AttachTo vfs_op' | Should -Contain vfs_open
        Complete 'New-BeeProgram x.bpf.c kprobe -AttachTo vfs_*en' | Should -Contain vfs_open
        Complete 'New-BeeProgram x.bpf.c -ProgramType lsm -AttachTo file_o' | Should -Contain file_open
        Complete 'New-BeeProgram x.bpf.c -ProgramType raw_tp -AttachTo sched_sw' | Should -Contain sched_switch
        # Tens of thousands are cut, because a longer list is of no use and delays the prompt.
        (Complete 'New-BeeProgram x.bpf.c -ProgramType kprobe -AttachTo ').Count | Should -BeLessOrEqual 500
    }

    It 'completes processes with their names, those of this session first' {
        $child = [Diagnostics.Process]::Start('sleep', '60')
        try {
            $line = 'Invoke-BeeProgram test/opensnoop:v1 -ProcessId '
            $first = (TabExpansion2 $line $line.Length).CompletionMatches[0]
            $first.CompletionText | Should -Be $child.Id
            $first.ListItemText | Should -Be "$($child.Id) sleep"
            $first.ToolTip | Should -Be 'sleep 60'
            Complete "${line}slee" | Should -Contain $child.Id
            Complete "${line}$($child.Id)" | Should -Contain $child.Id
            Complete $line | Should -Not -Contain 2
        }
        finally { $child.Kill() }
    }

    It 'completes durations' {
        Complete 'Invoke-BeeProgram test/opensnoop:v1 -Duration 10' | Should -Be 100ms, 10s
    }

    It 'completes no files for numbers, durations and text: <_>' -ForEach (Get-Command -Module Bee -CommandType Cmdlet).Name {
        $files = 'Path', 'Program', 'Store', 'OutFile', 'VmlinuxBtf', 'KernelBtf', 'PublicKey', 'Policy', 'Sign', 'CACertificate', 'TokenFile', 'Certificate', 'CertificateKey', 'IncludePath', 'Capture', 'JournalSocket', 'KeyFilePath'
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
        $types = [string], [string[]], [int], [long], [TimeSpan], [Nullable[int]], [Nullable[TimeSpan]], [Collections.IDictionary]
        Push-Location $root
        try {
            foreach ($parameter in (Get-Command $_).Parameters.Values | Where-Object { $_.ParameterType -in $types -and $_.Name -notin $files -and $_.Name -notin $common }) {
                $line = "$_ -$($parameter.Name) "
                (TabExpansion2 $line $line.Length).CompletionMatches.ResultType | Should -Not -Contain ProviderItem -Because "$line is no file"
            }
        }
        finally { Pop-Location }
    }

    It 'never throws: <_>' -ForEach @(
        'Get-BeeImage te', 'Invoke-BeeProgram test/', 'Invoke-BeeProgram test/opensnoop:v1 -Map ', 'Invoke-BeeProgram test/opensnoop:v1 -Parameter '
        'Stop-BeeProgram ', 'Get-BeeMap -Program ', 'Get-BeeMapEntry ', 'Test-BeeHost ', 'New-BeeProgram x.c -ProgramType ', 'New-BeeProgram x.c -Template '
        'New-BeeProgram x.c -AttachTo ', 'New-BeeProgram x.c -AttachTo sched/', 'New-BeeProgram x.c fentry -AttachTo ', 'New-BeeProgram x.c fentry -AttachTo vfs_'
        'New-BeeProgram x.c kprobe -AttachTo ', 'New-BeeProgram x.c kprobe -AttachTo vfs_', 'New-BeeProgram x.c ksyscall -AttachTo '
        'Invoke-BeeProgram x -Container ', 'Start-BeeProgram x -Pod ', 'Show-BeeProgram x -Namespace '
        'New-BeeProgram x.c fentry -AttachTo s_ope', 'New-BeeProgram x.c kprobe -AttachTo s_ope', 'New-BeeProgram x.c -AttachTo openat'
    ) {
        { Complete $_ } | Should -Not -Throw
    }

    It 'never fails: <_>' -ForEach 'Invoke-BeeProgram /nowhere/', 'Invoke-BeeProgram nothing -Map ', 'Get-BeeImage "[', 'Stop-BeeProgram [', 'Get-BeeMapEntry -Program none -Name ',
        'New-BeeProgram x.c none -AttachTo ', 'New-BeeProgram x.c xdp -AttachTo ', 'New-BeeProgram x.c -AttachTo [', 'New-BeeProgram x.c -ProgramType "', 'New-BeeProgram x.c uprobe -AttachTo li' {
        { Complete $_ } | Should -Not -Throw
        $Error.Clear()
        $null = Complete $_
        $Error | Should -BeNullOrEmpty
    }
}

Describe 'Tab completion of sessions' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1

        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
    }

    It 'completes background sessions and their maps' {
        Skip-WithoutKernel
        $running = Start-BeeProgram (Join-Path $root examples opensnoop) -Name watcher -Parameter @{ target_pid = $PID }
        try {
            Complete 'Stop-BeeProgram wa' | Should -Contain watcher
            Complete 'Receive-BeeEvent wa' | Should -Contain watcher
            Complete 'Get-BeeMap -Program wa' | Should -Contain watcher
            Complete 'Get-BeeMapEntry -Program watcher -Name p' | Should -Contain paths
        }
        finally {
            $running | Stop-BeeProgram
        }
    }
}
