#requires -Version 7.4
<#
.SYNOPSIS
    Runs the Pester files beside this one, and those of the examples.
.DESCRIPTION
    The version of Pester is that of Directory.Packages.props, restored from NuGet into artifacts/packages.
.PARAMETER Path
    The files to run. By default all.
.PARAMETER Tag
    Runs only blocks with this tag. Blocks with the tag Unloaded load no program into this machine's kernel, except in processes of their own.
.PARAMETER ExcludeTag
    Runs only blocks without this tag.
.PARAMETER Results
    A file for the numbers, as JSON: Passed, Failed, Skipped, and Reasons, one for each skipped test.
.EXAMPLE
    artifacts/pwsh tests/Invoke-Pester.ps1 tests/Help.Tests.ps1 tests/Import.Tests.ps1
#>
[CmdletBinding(PositionalBinding = $false)]
param([Parameter(ValueFromRemainingArguments)] [string[]] $Path = @($PSScriptRoot, (Join-Path (Split-Path $PSScriptRoot) examples)), [string] $Tag, [string] $ExcludeTag, [string] $Results)

$ErrorActionPreference = 'Stop'
# Containers on this machine must not change the tables of other tests. Tests of containers' names set their own runtimes.
$env:BEE_CONTAINER_RUNTIME ??= 'none'
$root = Split-Path $PSScriptRoot
$packages = Join-Path $root artifacts packages
$version = (Select-Xml "//PackageVersion[@Include='Pester']/@Version" (Join-Path $root Directory.Packages.props)).Node.Value
# The metadata is the last file that is written.
if (-not (Test-Path "$packages/pester/$version/.nupkg.metadata")) {
    $output = dotnet package download "Pester@$version" --output $packages 2>&1
    if ($LASTEXITCODE -ne 0) { throw "Pester could not be restored: $output" }
}
Import-Module "$packages/pester/$version/tools/Pester.psd1"
# The tests of examples are written for an installed module.
Import-Module "$root/module/Bee"

$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
if ($Tag) { $configuration.Filter.Tag = $Tag }
if ($ExcludeTag) { $configuration.Filter.ExcludeTag = $ExcludeTag }
$configuration.Output.Verbosity = 'Normal'
$configuration.Output.RenderMode = 'Plaintext'
$result = Invoke-Pester -Configuration $configuration

# A file that does not load, or a BeforeAll that throws, runs no test, and must count as a failure.
$broken = $result.FailedContainersCount + $result.FailedBlocksCount
$failed = $result.FailedCount + ($result.FailedCount -eq 0 ? $broken : 0)
if ($Results) {
    $reasons = $result.Skipped | ForEach-Object { $_.ErrorRecord ? "$($_.ErrorRecord[0].Exception.Message)" -replace '^is skipped,? ?(because )?' : 'marked as skipped' }
    @{ Passed = $result.PassedCount; Failed = $failed; Skipped = $result.SkippedCount; Reasons = @($reasons) } | ConvertTo-Json | Set-Content $Results
}
exit [int] ($failed -gt 0)
