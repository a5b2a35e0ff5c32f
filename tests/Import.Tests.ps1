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
        Invoke-PowerShell -Command "Import-Module '$module' 3>&1 2>&1" | Should -BeNullOrEmpty
    }

    It 'keeps its packages out of the session' {
        $loaded = Invoke-PowerShell -Command "Import-Module '$module'; [Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.ForEach{ `$_.GetName().Name }"
        $loaded | Should -Contain Bee.Cmdlets
        $loaded | Should -Not -Contain YamlDotNet
        $loaded | Should -Not -Contain Bee.Isolated
    }

    It 'loads and unloads again and again' {
        Invoke-PowerShell -Command "1..3 | ForEach-Object { Import-Module '$module'; Remove-Module Bee }; Import-Module '$module'; (Get-Command -Module Bee).Count" |
            Should -Be (Get-Command -Module Bee).Count
    }
}
