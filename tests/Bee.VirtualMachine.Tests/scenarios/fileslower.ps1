# Long reads and writes of files, and not the short ones.
$events = Watch-Image example/fileslower:v1 {
    sh -c 'dd if=/dev/zero of=/tmp/large bs=32M count=1; dd if=/tmp/large of=/dev/null bs=32M; dd if=/tmp/large of=/dev/null bs=512 count=20' 2>$null
} -With @{ Parameter = @{ min_duration = '1ms'; target_pid = 0 } }
[IO.File]::Delete('/tmp/large')
$events = @($events | Where-Object file -EQ large)
$events
Assert-Equal 'WRITE READ' "$($events[0..1].operation)" 'operations'
Assert-Equal 33554432 $events[0].done 'bytes'
Assert-True ($events[0].took -gt 1e6 -and $events[1].took -gt 1e6) 'long enough'
Assert-True ($events.Count -le 4) 'short reads do not show'
