# What Measure-Gadget.ps1 runs: a case for each gadget, with the load that it watches and the facts that its data must equal. Each case gives the source of those
# facts, and throws when the data differs. Read on the machine itself and, for what that cannot attach, in a virtual machine.
# $load: the compiled gadget-load.c. $store: the images gadget/NAME:v1.

function Assert-Fact($expected, $actual, [string] $what) {
    if ("$expected" -cne "$actual") { throw "${what}: expected '$expected', got '$actual'" }
}

function Assert-One([object[]] $found, [string] $what) {
    if ($found.Count -ne 1) { throw "${what}: expected one, got $($found.Count)" }
    $found[0]
}

# Starts the load; it waits before it acts.
function Start-Load([string[]] $Arguments, [string[]] $Wrap = @()) {
    $all = @($Wrap) + @($load) + $Arguments
    $start = [Diagnostics.ProcessStartInfo]::new($all[0])
    foreach ($one in $all[1..($all.Count - 1)]) { $start.ArgumentList.Add($one) }
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    $process = [Diagnostics.Process]::Start($start)
    [pscustomobject] @{ Process = $process; Id = [int] ($process.StandardOutput.ReadLine() -replace '^pid '); Facts = @{} }
}

function Read-Facts($run) {
    while (($line = $run.Process.StandardOutput.ReadLine()) -and $line -ne 'done') {
        $name, $value = $line -split ' ', 2
        $run.Facts[$name] = $value
    }
}

# Watches a load with a gadget, and gives facts and events.
function Watch-Gadget([string] $Gadget, [string[]] $Arguments, [hashtable] $With = @{}, [string[]] $Wrap = @(), [switch] $All, [double] $Wait = 0.3, [scriptblock] $Meanwhile) {
    $run = Start-Load $Arguments $Wrap
    try {
        $parameters = if ($With.Parameter) { $With.Parameter } else { @{} }
        if (-not $All) { $parameters = @{ targ_pid = $run.Id } + $parameters }
        $rest = @{} + $With
        $rest.Remove('Parameter')
        foreach ($name in @($rest.Keys)) { if ($rest[$name] -is [scriptblock]) { $rest[$name] = & $rest[$name] $run } }
        $program = Start-BeeProgram "gadget/${Gadget}:v1" -Store $store -Pull Never -Parameter $parameters -Interval 0.2 -ErrorAction Stop -WarningAction SilentlyContinue @rest
        try {
            $run.Process.StandardInput.WriteLine()
            Read-Facts $run
            [Threading.Thread]::Sleep([int] ($Wait * 1000))
            $seen = if ($Meanwhile) { & $Meanwhile $program $run } else { $null }
            $run.Process.StandardInput.WriteLine()
            $null = $run.Process.WaitForExit(20000)
            if ($Wait -ge 1) { [Threading.Thread]::Sleep(500) }
        }
        finally { Stop-BeeProgram -InputObject $program }
        if ($program.Error) { throw $program.Error }
        $events = @(Receive-BeeEvent -InputObject $program)
        if ($env:GADGET_SHOW) { $events | Select-Object -First 12 | Out-String -Width 400 | Out-Host; $events | Select-Object -Last 3 | Format-List | Out-String | Out-Host; $run.Facts | Out-String | Out-Host }
        [pscustomobject] @{ Id = $run.Id; Facts = $run.Facts; Events = $events; Seen = $seen }
    }
    finally { if (-not $run.Process.HasExited) { $run.Process.Kill() } }
}

# What loopback carries is the load's own in a network namespace of its own.
$ownNet = 'unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"'
$netOf = { param($run) "/proc/$($run.Id)/ns/net" }

# Where the kernel has no kprobes, what a gadget can tell without them.
$kprobesLeftOut = if ([IO.Directory]::Exists('/sys/kernel/debug/kprobes')) { @{} } else { @{ Skip = 'ig_security_bprm_check' } }

# The gadgets of CUDA attach to a libcuda.so that needs no graphics card (gadget-cuda.c).
$cuda = "$([IO.Path]::GetDirectoryName($load))/libcuda.so"
function Get-CudaTarget([string] $Gadget) {
    $targets = @{}
    foreach ($program in (Get-BeeImage "gadget/${Gadget}:v1" -Store $store).Programs) {
        if ($program.Section -match '/libcuda(rt)?:(.+)$') { $targets[$program.Name] = "${cuda}:$($Matches[2])" }
    }
    $targets
}

$cases = [ordered] @{
    trace_open           = {
        $got = Watch-Gadget trace_open open
        $failed = Assert-One ($got.Events | Where-Object fname -EQ '/tmp/no/such/file') 'failed'
        Assert-Fact 'ENOENT' $failed.error 'error'
        $made = Assert-One ($got.Events | Where-Object fname -EQ '/tmp/gadget-load.txt') 'made'
        Assert-Fact "$($got.Facts.fd) O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC -rw-r----- $($got.Id)" "$($made.fd) $($made.flags) $($made.mode) $($made.pid)" 'open'
        'the load: errno, fd, flags and mode of its calls'
    }
    trace_signal         = {
        $got = Watch-Gadget trace_signal signal
        $sent = Assert-One ($got.Events | Where-Object { $_.sig -eq 'SIGUSR1' }) 'SIGUSR1'
        Assert-Fact "$($got.Facts.child) $($got.Id) 0" "$($sent.tpid) $($sent.pid) $([int] $sent.error)" 'SIGUSR1'
        $got = Watch-Gadget trace_signal signal -With @{ Parameter = @{ kill_only = $true } }
        $failed = Assert-One ($got.Events | Where-Object { $_.sig -eq 'SIGUSR2' }) 'SIGUSR2'
        Assert-Fact 'ESRCH' $failed.error 'error'
        'the load: pids, signals and errno of its kill calls'
    }
    trace_mount          = {
        $got = Watch-Gadget trace_mount mount
        $mounted = Assert-One ($got.Events | Where-Object { $_.op -eq 'MOUNT' -and $_.dest -eq '/tmp/gadget-load.d' }) 'mount'
        Assert-Fact 'tmpfs gadget-source size=1m 0' "$($mounted.fs) $($mounted.src) $($mounted.data) $([int] $mounted.error)" 'mount'
        $failed = Assert-One ($got.Events | Where-Object { $_.dest -eq '/tmp/gadget-load.none' }) 'failed'
        Assert-Fact 'ENOENT' $failed.error 'error'
        $null = Assert-One ($got.Events | Where-Object { $_.op -like 'UMOUNT*' -and $_.dest -eq '/tmp/gadget-load.d' }) 'umount'
        'the load: arguments and errno of its mount and umount calls'
    }
    trace_init_module    = {
        $got = Watch-Gadget trace_init_module module
        $init = Assert-One ($got.Events | Where-Object param_values -EQ 'number=7') 'init_module'
        Assert-Fact 32 $init.len 'len'
        $finit = Assert-One ($got.Events | Where-Object param_values -EQ 'word=hello') 'finit_module'
        Assert-Fact "$($got.Facts.fd) 2 /tmp/gadget-load.ko" "$($finit.fd) $($finit.flags) $($finit.filepath)" 'finit_module'
        'the load: arguments of its init_module and finit_module calls'
    }
    trace_malloc         = {
        $got = Watch-Gadget trace_malloc malloc -With @{ Parameter = @{ 'collect_ustack' = $true } }
        $one = Assert-One ($got.Events | Where-Object { $_.operation -eq 'malloc' -and $_.size -eq 54321 }) 'malloc'
        Assert-Fact $got.Facts.malloc $one.addr 'address'
        Assert-Fact $true ("$($one.ustack.Folded)" -like '*gadget_allocates*') "stack $($one.ustack)"
        $null = Assert-One ($got.Events | Where-Object { $_.operation -eq 'free' -and "$($_.addr)" -eq $got.Facts.malloc }) 'free'
        'the load: sizes and addresses of its malloc and free calls, and the function that made them'
    }
    deadlock             = {
        $got = Watch-Gadget deadlock mutex -Wait 1
        $edge = @($got.Events | Where-Object { "$($_.mutex1)" -eq $got.Facts.first -and "$($_.mutex2)" -eq $got.Facts.second })
        Assert-Fact $true ($edge.Count -ge 1) 'edge from the first to the second mutex'
        Assert-Fact 0 @($got.Events | Where-Object { "$($_.mutex1)" -eq $got.Facts.second -and "$($_.mutex2)" -eq $got.Facts.first }).Count 'edge back'
        'the load: addresses of its mutexes and the order of locking (the search for cycles is in Go, and is not run)'
    }
    profile_cpu          = {
        $got = Watch-Gadget profile_cpu burn -With @{ Parameter = @{ collect_ustack = $true; user_stacks_only = $true } } -Wait 1
        $last = @($got.Events | Where-Object pid -EQ $got.Id)
        Assert-Fact $true ($last.Count -gt 0) 'samples'
        Assert-Fact $true (@($last | Where-Object { "$($_.user_stack.Folded)" -like '*gadget_burns*' }).Count -gt 0) "stack $($last[-1].user_stack)"
        'the load: the function that it spends its time in'
    }
    profile_cuda         = {
        $got = Watch-Gadget profile_cuda 'cuda', $cuda -With @{ AttachTo = (Get-CudaTarget profile_cuda); Parameter = @{ collect_ustack = $true } } -Wait 1
        $all = @($got.Events | Where-Object pid -EQ $got.Id)
        Assert-Fact $got.Facts.bytes ($all | Select-Object -Last 1).count 'bytes'
        'the load, on a libcuda.so of its own: bytes that it allocates'
    }
    top_cuda_memory      = {
        $got = Watch-Gadget top_cuda_memory 'cuda', $cuda -All -Wait 1 -With @{ AttachTo = (Get-CudaTarget top_cuda_memory) }
        $one = @($got.Events | Where-Object pid -EQ $got.Id)[-1]
        Assert-Fact "3 $($got.Facts.bytes) 1 4096" "$($one.mem_alloc_calls) $($one.mem_alloc_bytes) $($one.mem_free_calls) $($one.mem_free_bytes)" 'sums'
        'the load, on a libcuda.so of its own: calls and bytes'
    }
    trace_exec           = {
        $got = Watch-Gadget trace_exec exec -All -With (@{ Parameter = @{ targ_comm = [IO.Path]::GetFileName($load); ignore_failed = $false; paths = $true } } + $kprobesLeftOut)
        $done = Assert-One ($got.Events | Where-Object pid -EQ $got.Facts.child) 'exec'
        Assert-Fact "true $((Get-Item /bin/true).ResolvedTarget) 0 $($got.Id)" "$($done.comm) $($done.exepath) $([int] $done.error) $($done.parent.pid)" 'exec'
        $failed = Assert-One ($got.Events | Where-Object pid -EQ $got.Facts.failed) 'failed'
        Assert-Fact 'ENOENT' $failed.error 'error'
        'the load: pids, file and errno of its execve calls'
    }
    snapshot_file        = {
        $run = Start-Load open
        try {
            $all = @(Invoke-BeeProgram gadget/snapshot_file:v1 -Store $store -Pull Never -Parameter @{ targ_pid = $run.Id; file_type_mask = 255; paths = $true } -MaxEvents 100 -Duration 2 -WarningAction SilentlyContinue)
            $own = @($all | Where-Object { $_.pid -eq $run.Id })
            foreach ($fd in [IO.Directory]::GetFileSystemEntries("/proc/$($run.Id)/fd")) {
                $one = Assert-One ($own | Where-Object fd -EQ ([IO.Path]::GetFileName($fd)) | Select-Object -First 1) "fd $fd"
                $inode = (& stat -L -c %i $fd)
                Assert-Fact $inode $one.inode "inode of $fd"
            }
        }
        finally { $run.Process.Kill() }
        '/proc/PID/fd: numbers and inodes'
    }
    snapshot_process     = {
        $run = Start-Load open
        try {
            $all = @(Invoke-BeeProgram gadget/snapshot_process:v1 -Store $store -Pull Never -Parameter @{ targ_pid = $run.Id } -Duration 1 -WarningAction SilentlyContinue)
            $one = @($all | Where-Object pid -EQ $run.Id)[0]
            $mntns = (& stat -L -c %i "/proc/$($run.Id)/ns/mnt")
            Assert-Fact "$($run.Process.ProcessName) $PID $mntns" "$($one.comm) $($one.parent.pid) $($one.mntns_id)" 'process'
        }
        finally { $run.Process.Kill() }
        '/proc/PID: comm, ppid, ns/mnt'
    }
    trace_dns            = {
        $got = Watch-Gadget trace_dns dns -All -Wrap $ownNet -With @{ NetworkNamespace = $netOf }
        $q = @($got.Events | Where-Object { $_.dst -eq '127.0.0.1:53' })[0]
        $a = @($got.Events | Where-Object { $_.src -eq '127.0.0.1:53' })[0]
        Assert-Fact "127.0.0.1:$($got.Facts.port) $($got.Facts.question) 127.0.0.1:$($got.Facts.port)" "$($q.src) $($q.data_len - $q.dns_off) $($a.dst)" 'packets'
        'the load: ports and sizes of its question and answer (names are parsed by WebAssembly, which is not run)'
    }
    trace_sni            = {
        $got = Watch-Gadget trace_sni sni -All -Wrap $ownNet -With @{ NetworkNamespace = $netOf }
        Assert-Fact 'gadget.example.com' (@($got.Events)[0].name) 'name'
        'the load: the server name of its TLS hello'
    }
    tcpdump              = {
        $got = Watch-Gadget tcpdump dns -All -Wrap $ownNet -With @{ NetworkNamespace = $netOf; Interface = 'lo' }
        Assert-Fact $true (@($got.Events).Count -ge 2) 'packets'
        $sizes = @($got.Events | ForEach-Object { $_.packet_size } | Sort-Object -Unique)
        Assert-Fact "$(42 + [int] $got.Facts.question) $(42 + [int] $got.Facts.answer)" "$sizes" 'sizes'
        'the load: sizes of its packets'
    }
    advise_networkpolicy = {
        $got = Watch-Gadget advise_networkpolicy dns -All -Wrap $ownNet -With @{ NetworkNamespace = $netOf } -Wait 1
        Assert-Fact $true (@($got.Events | Where-Object { "$($_.endpoint)" -like '127.0.0.1:*' }).Count -gt 0) 'endpoints'
        'the load: the endpoints that it speaks to'
    }
    snapshot_socket      = {
        $run = Start-Load tcp
        try {
            $run.Process.StandardInput.WriteLine()
            Read-Facts $run
            $all = @(Invoke-BeeProgram gadget/snapshot_socket:v1 -Store $store -Pull Never -Duration 1 -WarningAction SilentlyContinue)
            $one = Assert-One ($all | Where-Object { $_.src -eq "127.0.0.1:$($run.Facts.client)" }) 'client'
            Assert-Fact "127.0.0.1:7777 $($run.Facts.inode) $($run.Facts.netns) 1" "$($one.dst) $($one.ino) $($one.netns_id) $($one.state)" 'client'
            $null = Assert-One ($all | Where-Object { $_.src -eq '127.0.0.1:7777' -and $_.state -eq 10 }) 'listener'
        }
        finally { $run.Process.Kill() }
        'the load: getsockname, fstat and ns/net of its sockets'
    }
    trace_ssl            = {
        $got = Watch-Gadget trace_ssl 'tls' -Wait 1 -With @{}
        'none'
    }
}
