# The software clock samples: an emulated machine has no counters of its own.
$busy = [Diagnostics.Process]::Start('/bin/sh', [string[]] ('-c', 'while true; do true; done'))
try { $events = @(Invoke-BeeProgram example/cpusample:v1 -Store $store -Parameter @{ target_pid = $busy.Id } -ProcessId $busy.Id -Duration 1) }
finally { $busy.Kill(); $busy.WaitForExit() }
$events
Assert-True ($events.Count -ge 1) 'entries'
Assert-True ($events[-1].Value -ge 10) "samples: $($events[-1].Value)"
Assert-Equal $busy.Id $events[-1].pid 'pid'
