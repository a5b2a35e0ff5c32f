# An lsm program refuses, and reports it.
$said = $null
$events = Watch-Image vm/lsm:v1 { $script:said = "$(sh -c 'touch /tmp/kept /tmp/other; rm /tmp/kept /tmp/other 2>&1; cd /tmp; ls')" }
$events
Assert-True ($said -like '*kept*not permitted*kept') "rm is refused: $said"
Assert-Equal 'rm 0' "$($events.comm) $($events.uid)" 'event'
Assert-Equal 'gone' "$(sh -c 'rm /tmp/kept && echo gone')" 'rm when the program is'
