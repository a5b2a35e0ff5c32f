# A tool is limited to a container, and its events name the container. Its processes are in a control group with a state as runc keeps it.
$group = '/sys/fs/cgroup/bee-web'
$state = '/tmp/runc/web'
$null = [IO.Directory]::CreateDirectory($group)
$null = [IO.Directory]::CreateDirectory($state)
$start = [Diagnostics.ProcessStartInfo]::new('/bin/sh')
$start.RedirectStandardInput = $start.RedirectStandardOutput = $true
$shell = [Diagnostics.Process]::Start($start)
try {
    [IO.File]::WriteAllText("$group/cgroup.procs", "$($shell.Id)")
    $status = [IO.File]::ReadAllText("/proc/$($shell.Id)/stat")
    $began = ($status.Substring($status.LastIndexOf(')') + 2) -split ' ')[19]
    [IO.File]::WriteAllText("$state/state.json", "{`"id`":`"web`",`"init_process_pid`":$($shell.Id),`"init_process_start`":$began,`"cgroup_paths`":{`"`":`"$group`"}}")
    $env:BEE_CONTAINER_RUNTIME = 'runc:/tmp/runc'
    $work = {
        [IO.File]::ReadAllText('/proc/version')
        $shell.StandardInput.Write("cat /proc/uptime >/dev/null`nunshare -m cat /proc/meminfo >/dev/null`necho done`n")
        $shell.StandardInput.Flush()
        Assert-Equal 'done' $shell.StandardOutput.ReadLine() 'the end of the work'
    }
    $events = Watch-Image example/opensnoop:v1 $work @{ Container = 'web' }
    Assert-Equal 'web' (@($events.container | Select-Object -Unique) -join ' ') 'containers'
    Assert-Equal '1 1 0' ((@($events.path -eq '/proc/uptime').Count, @($events.path -eq '/proc/meminfo').Count, @($events.path -eq '/proc/version').Count) -join ' ') 'opened files'
    # Without a limit, the host's processes have no container. -Verbose waits for the recorder, which takes seconds to load here.
    $events = Watch-Image example/opensnoop:v1 $work @{ Verbose = $true } 4>$null
    foreach ($event in $events) {
        if ($event.path -eq '/proc/version') { Assert-Equal '' $event.container 'the container of a process of the host' }
        if ($event.path -eq '/proc/meminfo') { Assert-Equal 'web' $event.container 'the container without a limit' }
    }
}
finally {
    $env:BEE_CONTAINER_RUNTIME = $null
    $shell.Kill()
    $shell.WaitForExit()
    for ($i = 0; [IO.Directory]::Exists($group) -and $i -lt 50; $i++) {
        try { [IO.Directory]::Delete($group) } catch [IO.IOException] { [Threading.Thread]::Sleep(20) }
    }
    [IO.Directory]::Delete('/tmp/runc', $true)
}
"$(@($events).Count) events"
