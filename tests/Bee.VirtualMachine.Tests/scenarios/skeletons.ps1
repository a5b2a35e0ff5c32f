# What New-BeeProgram writes, of the kinds that not every kernel takes: each reports, as written.
$work = { sh -c 'for i in 1 2 3 4 5; do read x < /etc/passwd; done' }
foreach ($kind in 'kprobe', 'kretprobe', 'ksyscall', 'kretsyscall', 'fentry', 'fexit', 'fmod_ret', 'lsm', 'kprobe.multi', 'kretprobe.multi') {
    if ($kind -like '*.multi' -and $kernel -lt [version] '6.12') { continue }
    $events = @(Watch-Image "skeleton/$kind-print:v1" $work)
    Assert-True (@($events | Where-Object comm -EQ sh).Count -ge 5) "$kind gives events of the shell, not $($events.Count)"
    "${kind}: $($events.Count) events"
}
# How much time passes between two opens of one thread.
$histogram = @(Watch-Image skeleton/kprobe-histogram:v1 $work | Where-Object comm -EQ sh)[-1]
$histogram
Assert-True ($histogram.Count -ge 4) "a histogram of $($histogram.Count) values"
