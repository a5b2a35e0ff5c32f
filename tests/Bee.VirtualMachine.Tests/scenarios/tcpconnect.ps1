# The example in BumbleBee's conventions, on two connections over the loopback.
$events = Watch-Image example/tcpconnect:v1 {
    sh -c 'nc -ll -p 7070 -e true & sleep 0.3; nc 127.0.0.1 7070 </dev/null; nc 127.0.0.1 7070 </dev/null; kill $!'
}
$events
$connections = @($events | Where-Object MapName -EQ print_connections)
Assert-Equal 2 $connections.Count 'connections'
Assert-Equal '127.0.0.1 127.0.0.1' "$($connections[0].saddr) $($connections[0].daddr)" 'addresses'
$count = @($events | Where-Object MapName -EQ counter_connections)[-1]
Assert-Equal '2 127.0.0.1' "$($count.Value) $($count.daddr)" 'counter'
