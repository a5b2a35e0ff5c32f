# Three ways to a tracepoint.
$events = Watch-Image vm/tracepoint:v1 { sh -c 'mkdir /tmp/one; mkdir /tmp/two; rmdir /tmp/one /tmp/two' }
$events
Assert-Equal '1=2 2=2 3=2' ([Linq.Enumerable]::Order([string[]] @($events | ForEach-Object { "$($_.Key)=$($_.Value)" })) -join ' ') 'counts'
