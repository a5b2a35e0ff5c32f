# Runs every scenario, one after the other, and says how each ended on the second serial line.

$ErrorActionPreference = 'Stop'
. "$PSScriptRoot/scenario.ps1"
Import-Module /bee/module/Bee
$results = [IO.StreamWriter]::new([IO.FileStream]::new('/dev/ttyS1', 'Open', 'Write'))
$results.AutoFlush = $true
"guest: module imported after $(([IO.File]::ReadAllText('/proc/uptime') -split ' ')[0]) s"
if ([IO.File]::Exists('/bee/reach/run.ps1')) {
    & /bee/reach/run.ps1 | Out-Host
    $results.Write("reach`tpassed`t0`t`n")
    return
}
foreach ($file in [Linq.Enumerable]::Order([string[]] [IO.Directory]::GetFiles('/bee/scenarios', '*.ps1'), [StringComparer]::Ordinal)) {
    $name = [IO.Path]::GetFileNameWithoutExtension($file)
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $state = 'passed'
    $message = ''
    try {
        & $file | Out-Host
        Assert-NothingLeft
    }
    catch {
        $state = 'failed'
        $message = "$_`n$($_.ScriptStackTrace)"
        Stop-BeeProgram *
    }
    "guest: $name $state in $($watch.ElapsedMilliseconds) ms $message"
    $results.Write("$name`t$state`t$($watch.ElapsedMilliseconds)`t$([Uri]::EscapeDataString($message))`n")
}
