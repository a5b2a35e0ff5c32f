# A kprobe at a function of the kernel, its arguments by CO-RE.
$events = Watch-Image vm/kprobe:v1 {
    sh -c 'touch /tmp/one /tmp/two; rm /tmp/one; rm /tmp/two'
}
$events
$deleted = @($events | Where-Object comm -EQ rm)
Assert-Equal '/tmp/one /tmp/two' "$($deleted.path)" 'paths'
Assert-True ($deleted[0].pid -ne $deleted[1].pid) 'two processes'
