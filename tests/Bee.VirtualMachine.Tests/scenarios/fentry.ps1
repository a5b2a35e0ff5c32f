# fentry has typed arguments, and -MaxEvents ends a program in the foreground.
$load = [Diagnostics.Process]::Start('/bin/sh', [string[]] ('-c', 'while true; do mkdir /tmp/made; rmdir /tmp/made; sleep 0.05; done'))
try { $events = @(Invoke-BeeProgram vm/fentry:v1 -Store $store -MaxEvents 3 -Duration 30) }
finally { $load.Kill($true); $load.WaitForExit(); $load.Dispose() }
$events
Assert-Equal 3 $events.Count 'events'
Assert-Equal '/tmp/made' $events[2].path 'path'
Assert-Equal 511 $events[0].mode 'mode'
if ([IO.Directory]::Exists('/tmp/made')) { [IO.Directory]::Delete('/tmp/made') }
