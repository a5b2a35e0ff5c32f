# Every example, built elsewhere, loads and attaches here. Those in BumbleBee's style and these at work have scenarios of their own.
$options = @{ xdpcount = @{ Interface = 'lo' }; uprobecount = @{ ProcessId = $PID } }
$examples = @(Get-BeeImage example/* -Store $store)
Assert-True ($examples.Count -ge 10) 'examples'
$failed = foreach ($image in $examples) {
    $name = "$($image.Reference)" -replace '^.*example/' -replace ':.*'
    $with = @{}
    if ($options[$name]) { $with = $options[$name] }
    try { Start-BeeProgram "example/${name}:v1" -Store $store @with | Stop-BeeProgram }
    catch { "${name}: $_" }
}
Assert-Equal '' ($failed -join "`n") 'failures'
"$($examples.Count) examples"
