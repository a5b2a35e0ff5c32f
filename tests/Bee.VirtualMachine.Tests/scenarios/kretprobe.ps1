# A kretprobe sees what a function gave.
$events = Watch-Image vm/kretprobe:v1 { sh -c 'cat /there-is-none /dev 2>/dev/null; exec wc /nor/here 2>/dev/null' }
$events
Assert-Equal 'ENOENT' "$(($events | Where-Object comm -EQ cat).result)" 'result of cat'
Assert-Equal 'ENOENT' "$(($events | Where-Object comm -EQ wc).result)" 'result of wc'
