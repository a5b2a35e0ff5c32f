Describe 'Tab completion' {
    BeforeAll {
        . $PSScriptRoot/Support.ps1
        $env:BEE_STORE = Join-Path (Get-PSDrive TestDrive).Root store
        $null = Invoke-BeeBuild (Join-Path $root examples opensnoop) -Tag test/opensnoop:v1
        $null = Copy-BeeImage test/opensnoop:v1 other/thing:v2

        function Complete([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText }
    }
    AfterAll { $env:BEE_STORE = $null }

    It 'gives images to <_>' -ForEach 'Get-BeeImage', 'Invoke-BeeProgram', 'Remove-BeeImage', 'Copy-BeeImage' {
        Complete "$_ test/" | Should -Contain test/opensnoop:v1
        Complete "$_ ot" | Should -Contain other/thing:v2
    }

    It 'gives the program''s maps' {
        Complete 'Invoke-BeeProgram test/opensnoop:v1 -Map pr' | Should -Contain print_opens
    }

    It 'gives the program''s parameters' {
        (Complete 'Invoke-BeeProgram test/opensnoop:v1 -Parameter ') -join ' ' | Should -Match 'target_pid'
    }

    It 'gives running programs and their maps' {
        Skip-WithoutKernel
        $running = Start-BeeProgram test/opensnoop:v1 -Name watcher -Parameter @{ target_pid = $PID }
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

    It 'never fails: <_>' -ForEach 'Invoke-BeeProgram /nowhere/', 'Invoke-BeeProgram nothing -Map ', 'Get-BeeImage "[', 'Stop-BeeProgram [', 'Get-BeeMapEntry -Program none -Name ' {
        { Complete $_ } | Should -Not -Throw
        $Error.Clear()
        $null = Complete $_
        $Error | Should -BeNullOrEmpty
    }
}
