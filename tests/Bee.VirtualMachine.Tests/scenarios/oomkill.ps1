# A process in a control group with little memory wants too much, and the kernel kills it.
[IO.File]::WriteAllText('/sys/fs/cgroup/cgroup.subtree_control', '+memory')
$null = [IO.Directory]::CreateDirectory('/sys/fs/cgroup/small')
[IO.File]::WriteAllText('/sys/fs/cgroup/small/memory.max', '16777216')
try {
    $events = Watch-Image example/oomkill:v1 { sh -c 'echo $$ >/sys/fs/cgroup/small/cgroup.procs; tail /dev/zero' 2>$null }
    $events | Out-Host
}
finally { [IO.Directory]::Delete('/sys/fs/cgroup/small') }
Assert-Equal 'tail tail' "$($events.comm) $($events.by_comm)" 'who was killed, who wanted'
Assert-True $events.in_cgroup 'in a control group'
Assert-Equal 16777216 $events.limit 'limit'
Assert-True ($events.used -gt 8MB -and $events.used -lt 32MB) "used: $($events.used)"
Assert-Equal $events.pid $events.by_pid 'it was its own wish'
