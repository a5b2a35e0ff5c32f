# A source as BumbleBee's users write them: ring, counter, gauge and a hash that is printed.
$events = Watch-Image vm/bumblebee:v1 {
    sh -c 'nc -ll -p 7171 -e true & sleep 0.3; nc 127.0.0.1 7171 </dev/null; kill $!'
}
$events
$of = @{}
foreach ($event in $events) { $of[$event.MapName] = @($of[$event.MapName]) + @($event) -ne $null }
Assert-Equal '127.0.0.1 127.0.0.1 7171' "$($of.print_events.saddr) $($of.print_events.daddr) $($of.print_events.dport)" 'event'
Assert-True ($of.print_events[0].since_start -gt 0 -and $of.print_events[0].since_start -lt 1e11) 'a duration'
Assert-Equal '1 nc 127.0.0.1' "$($of.counter_connects[-1].Value) $($of.counter_connects[-1].comm) $($of.counter_connects[-1].daddr)" 'counter'
Assert-Equal 7171 $of.gauge_last_port[-1].Value 'gauge'
Assert-Equal 'nc' $of.print_last[-1].comm 'printed hash'
