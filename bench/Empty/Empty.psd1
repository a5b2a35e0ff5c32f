@{
    RootModule = 'Bee.Bench.Empty.dll'
    ModuleVersion = '1.0.0'
    GUID = '5f2f7a62-6c0b-4a5e-9d3e-0f6d1c6b7a11'
    CmdletsToExport = 'Get-Nothing'
    FunctionsToExport = @()
    AliasesToExport = @()
    VariablesToExport = @()
}
