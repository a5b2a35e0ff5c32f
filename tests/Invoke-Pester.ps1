<#
.SYNOPSIS
    Runs the Pester files beside this one; the newest Pester from version 5 on.
.DESCRIPTION
    Where the environment variable BEE_TEST_NUMBERS names a file, the numbers go there: passed, failed, skipped, then a line for each
    skipped test's reason.
#>
$ErrorActionPreference = 'Stop'
Import-Module Pester -MinimumVersion 5.0
$configuration = New-PesterConfiguration
$configuration.Run.Path = $PSScriptRoot
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
$configuration.Output.RenderMode = 'Plaintext'
$result = Invoke-Pester -Configuration $configuration

# A container that fails to load or a BeforeAll that throws runs no test, and must count.
$broken = $result.FailedContainersCount + $result.FailedBlocksCount
$failed = $result.FailedCount + ($result.FailedCount -eq 0 -and $broken -gt 0 ? $broken : 0)
if ($env:BEE_TEST_NUMBERS) {
    $reasons = foreach ($test in $result.Skipped) { $test.ErrorRecord ? "$($test.ErrorRecord[0].Exception.Message)" -replace '^is skipped,? ?(because )?' : 'marked as skipped' }
    @($result.PassedCount; $failed; $result.SkippedCount; $reasons) | Set-Content $env:BEE_TEST_NUMBERS
}
exit [int] ($failed -gt 0)
