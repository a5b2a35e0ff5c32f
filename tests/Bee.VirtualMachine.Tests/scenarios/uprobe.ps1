# Functions of a library, in this process only.
$events = Watch-Image vm/uprobe:v1 {
    $null = [IO.Directory]::CreateDirectory('/tmp/through-libc')
    [IO.Directory]::Delete('/tmp/through-libc')
} -With @{ ProcessId = $PID }
$events
Assert-Equal "$PID 0 /tmp/through-libc" "$($events.pid) $($events.result) $($events.path)" 'event'
