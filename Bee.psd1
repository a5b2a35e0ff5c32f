@{
    RootModule           = 'Bee.Cmdlets.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = 'b2f5dd1e-3f0d-4c3f-9c0e-8a5a3a5d7be5'
    Author               = 'The Bee authors'
    Copyright            = '(c) The Bee authors. Apache-2.0.'
    Description          = 'Write, ship and run eBPF tools: one C file in, typed objects on the pipeline out.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    TypesToProcess       = @('Bee.Types.ps1xml')
    FormatsToProcess     = @('Bee.Format.ps1xml')
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @(
        'Build-BeeImage'
        'Get-BeeEvent'
        'Pull-BeeImage'
        'Push-BeeImage'
        'Watch-BeeProgram'
    )
    CmdletsToExport      = @(
        'Connect-BeeRegistry'
        'Copy-BeeImage'
        'Disconnect-BeeRegistry'
        'Export-BeeDashboard'
        'Export-BeeEvent'
        'Export-BeeFlameGraph'
        'Export-BeeImage'
        'Find-BeeImage'
        'Get-BeeImage'
        'Get-BeeMap'
        'Get-BeeMapEntry'
        'Get-BeeMetric'
        'Get-BeeMetricServer'
        'Get-BeeProgram'
        'Import-BeeEvent'
        'Import-BeeImage'
        'Invoke-BeeBuild'
        'Invoke-BeeProgram'
        'New-BeeContainer'
        'New-BeeDeployment'
        'New-BeeProgram'
        'Publish-BeeImage'
        'Receive-BeeEvent'
        'Register-BeeEvent'
        'Remove-BeeImage'
        'Remove-BeeMapEntry'
        'Save-BeeImage'
        'Send-BeeEvent'
        'Set-BeeMapEntry'
        'Show-BeeEvent'
        'Show-BeeProgram'
        'Start-BeeMetricServer'
        'Start-BeeProgram'
        'Stop-BeeMetricServer'
        'Stop-BeeProgram'
        'Test-BeeHost'
        'Test-BeeImage'
        'Test-BeeProgram'
    )
    PrivateData          = @{
        PSData = @{
            Tags         = @('eBPF', 'BPF', 'Linux', 'Tracing', 'Observability', 'OCI', 'PSEdition_Core')
            LicenseUri   = 'https://www.apache.org/licenses/LICENSE-2.0'
            # The one place of the project's address; the links of Get-Help -Online begin with it. There is no HelpInfoUri: the module has its whole help, and Update-Help needs none.
            ProjectUri   = 'https://bee.example.org'
            ReleaseNotes = 'The first release. CHANGELOG.md in the project lists what each release adds, changes and fixes.'
        }
    }
}
