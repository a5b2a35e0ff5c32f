Describe 'Importing the module' {
    BeforeAll { . $PSScriptRoot/Support.ps1 }

    It 'exports the cmdlets that its manifest names, and nothing else' {
        $named = (Import-PowerShellDataFile (Join-Path $root Bee.psd1)).CmdletsToExport
        (Get-Command -Module Bee).Name | Sort-Object | Should -Be ($named | Sort-Object)
        (Get-Command -Module Bee).CommandType | Sort-Object -Unique | Should -Be Cmdlet
    }

    It 'uses approved verbs and says nothing' {
        $verbs = (Get-Verb).Verb
        (Get-Command -Module Bee).Verb | ForEach-Object { $_ | Should -BeIn $verbs }
        Get-Screen '"done"' | Where-Object { $_ } | Should -Be 'done'
        pwsh -NoProfile -Command "Import-Module '$module' 3>&1 2>&1" | Should -BeNullOrEmpty
    }

    It 'keeps its packages out of the session' {
        $loaded = pwsh -NoProfile -Command "Import-Module '$module'; [Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.ForEach{ `$_.GetName().Name }"
        $loaded | Should -Contain Bee.Cmdlets
        $loaded | Should -Not -Contain YamlDotNet
        $loaded | Should -Not -Contain Bee.Isolated
    }

    It 'loads and unloads again and again' {
        pwsh -NoProfile -Command "1..3 | ForEach-Object { Import-Module '$module'; Remove-Module Bee }; Import-Module '$module'; (Get-Command -Module Bee).Count" |
            Should -Be (Get-Command -Module Bee).Count
    }
}

Describe 'Help' {
    BeforeDiscovery {
        . $PSScriptRoot/Support.ps1
        $commands = (Get-Command -Module Bee).Name
    }
    BeforeAll { . $PSScriptRoot/Support.ps1 }

    It 'is whole for <_>' -ForEach $commands {
        $help = Get-Help $_ -Full
        $help.Synopsis | Should -Not -Match "^\s*$_"
        $help.Description.Text | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterOrEqual 2
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters
        foreach ($parameter in (Get-Command $_).Parameters.Keys | Where-Object { $_ -notin $common }) {
            ($help.Parameters.Parameter | Where-Object Name -eq $parameter).Description.Text | Should -Not -BeNullOrEmpty -Because "-$parameter has to be described"
        }
    }

    It 'has a topic' {
        Get-Help about_Bee | Out-String | Should -Match 'Invoke-BeeProgram'
    }
}
