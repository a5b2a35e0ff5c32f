# Packets at an interface: through tcx or, on kernels before it, through a qdisc that goes as it came.
$before = tc qdisc show dev lo
$seen = [Collections.Generic.List[string]]::new()
$events = Watch-Image vm/traffic:v1 {
    $seen.Add("$(tc qdisc show dev lo)")
    $sender = [Net.Sockets.UdpClient]::new()
    $null = $sender.Send([byte[]]::new(333), 333, '127.0.0.1', 4242)
    $sender.Dispose()
} -With @{ Interface = 'lo' }
$events
$count = @{}
foreach ($event in $events) { $count["$($event.Key)"] = $event.Value }
Assert-Equal '1 1 1' "$($count.XDP) $($count.INGRESS) $($count.EGRESS)" 'xdp, ingress, egress'
Assert-Equal 2 $count.SOCKET 'both ways'
Assert-Equal ($kernel -lt '6.6') ("$seen" -like '*clsact*') 'a qdisc meanwhile'
Assert-Equal "$before" "$(tc qdisc show dev lo)" 'qdiscs'
