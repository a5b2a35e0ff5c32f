# A kprobe takes the pattern of kprobe.multi on every kernel.
$events = Watch-Image vm/kprobe-pattern:v1 { sh -c 'mkdir /tmp/one /tmp/two; rmdir /tmp/one /tmp/two' }
$events
Assert-True (@($events | Where-Object Value -GE 2).Count -ge 2) 'vfs_mkdir and vfs_rmdir, twice each'
