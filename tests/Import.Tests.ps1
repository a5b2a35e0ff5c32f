Describe 'Importing the module' -Tag Unloaded {
    BeforeAll { . $PSScriptRoot/Support.ps1 }

    It 'exports exactly the cmdlets and aliases in its manifest' {
        $named = Import-PowerShellDataFile (Join-Path $root Bee.psd1)
        (Get-Command -Module Bee -CommandType Cmdlet).Name | Sort-Object | Should -Be ($named.CmdletsToExport | Sort-Object)
        (Get-Command -Module Bee -CommandType Alias).Name | Sort-Object | Should -Be ($named.AliasesToExport | Sort-Object)
        (Get-Command -Module Bee).CommandType | Sort-Object -Unique | Should -Be Alias, Cmdlet
    }

    It 'uses approved verbs and writes no message' {
        $verbs = (Get-Verb).Verb
        (Get-Command -Module Bee -CommandType Cmdlet).Verb | ForEach-Object { $_ | Should -BeIn $verbs }
        Get-Screen '"done"' | Where-Object { $_ } | Should -Be 'done'
        Invoke-PowerShell -Command "Import-Module '$module' 3>&1 2>&1" | Should -BeNullOrEmpty
    }

    It 'resolves <Alias> to <Cmdlet>, also before it is imported' -ForEach @(
        @{ Alias = 'Build-BeeImage'; Cmdlet = 'Invoke-BeeBuild' }
        @{ Alias = 'Get-BeeEvent'; Cmdlet = 'Receive-BeeEvent' }
        @{ Alias = 'Pull-BeeImage'; Cmdlet = 'Save-BeeImage' }
        @{ Alias = 'Push-BeeImage'; Cmdlet = 'Publish-BeeImage' }
        @{ Alias = 'Watch-BeeProgram'; Cmdlet = 'Show-BeeProgram' }
    ) {
        (Get-Alias $Alias).Definition | Should -Be $Cmdlet
        (Get-Module $module -ListAvailable).ExportedAliases.Keys | Should -Contain $Alias
    }

    It 'has a project address and release notes' {
        $bee = Get-Module Bee
        $bee.ProjectUri, $bee.LicenseUri | ForEach-Object Scheme | Should -Be https, https
        $bee.ReleaseNotes | Should -Not -BeNullOrEmpty
    }

    It 'keeps its packages out of the session' {
        $loaded = Invoke-PowerShell -Command "Import-Module '$module'; [Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.ForEach{ `$_.GetName().Name }"
        $loaded | Should -Contain Bee.Cmdlets
        $loaded | Should -Not -Contain YamlDotNet
        $loaded | Should -Not -Contain Bee.Isolated
    }

    It 'can be imported and removed repeatedly' {
        Invoke-PowerShell -Command "1..3 | ForEach-Object { Import-Module '$module'; Remove-Module Bee }; Import-Module '$module'; (Get-Command -Module Bee).Count" |
            Should -Be (Get-Command -Module Bee).Count
    }
}
