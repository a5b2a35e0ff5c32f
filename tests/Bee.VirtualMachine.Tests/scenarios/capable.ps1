# What root asks for and gets, and nobody does not.
$events = Watch-Image example/capable:v1 { sh -c 'chroot / true; su nobody -s /bin/sh -c "chroot / true" 2>/dev/null; true' }
$events = @($events | Where-Object capability -EQ CAP_SYS_CHROOT)
$events
Assert-Equal 'True False' "$($events.granted)" 'granted'
Assert-Equal '0 65534' "$($events.uid)" 'by whom'
