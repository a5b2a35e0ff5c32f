# A system call's start and end, whatever this kernel names its function.
$events = Watch-Image vm/ksyscall:v1 { sh -c 'sleep 9 & kill -USR1 $!; kill -TERM 999999 2>/dev/null; true' }
$events
Assert-Equal 'SIGUSR1 SIGTERM' "$($events.signal)" 'signals'
Assert-Equal 'ESRCH' "$($events[1].result)" 'result'
Assert-Equal 999999 $events[1].to 'to whom'
