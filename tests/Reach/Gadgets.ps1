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
if ($isGuest) { $ownNet = @() }
$netOf = { param($run) "/proc/$($run.Id)/ns/net" }

# Where the kernel has no kprobes, what a gadget can tell without them.
$kprobesLeftOut = if ([IO.Directory]::Exists('/sys/kernel/debug/kprobes')) { @{} } else { @{ Skip = 'security_bprm_check' } }

# The gadgets of CUDA attach to a libcuda.so that needs no graphics card (gadget-cuda.c).
$cuda = "$([IO.Path]::GetDirectoryName($load))/libcuda.so"
function Get-CudaTarget([string] $Gadget) {
    $targets = @{}
    foreach ($program in (Get-BeeImage "gadget/${Gadget}:v1" -Store $store).Programs) {
        if ($program.Section -match '/libcuda(rt)?:(.+)$') { $targets[$program.Name] = "${cuda}:$($Matches[2])" }
    }
    $targets
}

# Runs an iterator over a map that gpu-ebpf-bridge pins and fills. bpftool does it here, with the fields of the struct that are given, as name, place, bytes.
function Read-Bridge([string] $Gadget, [string] $Map, [string] $Type, [int] $Entries, [int] $Key, [int] $Size, [object[]] $Fields) {
    $value = [byte[]]::new($Size)
    foreach ($field in $Fields) { [BitConverter]::GetBytes([uint64] $field[0])[0..($field[2] - 1)].CopyTo($value, $field[1]) }
    $hex = { param([byte[]] $bytes) $bytes | ForEach-Object { $_.ToString('x2') } }
    & bpftool map create "/sys/fs/bpf/$Map" type $Type key 4 value $Size entries $Entries name $Map
    try {
        & bpftool map update pinned "/sys/fs/bpf/$Map" key hex (& $hex ([BitConverter]::GetBytes($Key))) value hex (& $hex $value)
        Invoke-BeeProgram "gadget/${Gadget}:v1" -Store $store -Pull Never -Duration 1 -WarningAction SilentlyContinue
        if (-not [IO.File]::Exists("/sys/fs/bpf/$Map")) { throw 'the pin of another tool is gone' }
    }
    finally { [IO.File]::Delete("/sys/fs/bpf/$Map") }
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
        $last = $got.Events | Where-Object pid -EQ $got.Id | Group-Object stack_id_key | ForEach-Object { $_.Group[-1] }
        Assert-Fact "4096 8192 12288" "$($last | ForEach-Object { $_.count } | Sort-Object)" 'bytes by stack'
        Assert-Fact 3 @($last | Where-Object { "$($_.ustack.Folded)" -like '*main*' }).Count 'stacks'
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
        Assert-Fact "true $(& readlink -f /bin/true) 0 $($got.Id)" "$($done.comm) $($done.exepath) $([int] $done.error) $($done.parent.pid)" 'exec'
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
        $got = Watch-Gadget trace_dns dns -All -Wrap $ownNet -With @{ NetworkNamespace = $netOf; Interface = 'lo' }
        $q = @($got.Events | Where-Object { $_.dst -eq '127.0.0.1:53' })[0]
        $a = @($got.Events | Where-Object { $_.src -eq '127.0.0.1:53' })[0]
        Assert-Fact "127.0.0.1:$($got.Facts.port) $($got.Facts.question) 127.0.0.1:$($got.Facts.port)" "$($q.src) $($q.data_len - $q.dns_off) $($a.dst)" 'packets'
        'the load: ports and sizes of its question and answer (names are parsed by WebAssembly, which is not run)'
    }
    trace_sni            = {
        $got = Watch-Gadget trace_sni sni -All -Wrap $ownNet -With @{ NetworkNamespace = $netOf; Interface = 'lo' }
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
        $got = Watch-Gadget advise_networkpolicy dns -All -Wrap $ownNet -With @{ NetworkNamespace = $netOf; Interface = 'lo' } -Wait 1
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
        # openssl is its own load: a server, and a client that waits for a line before it begins.
        $folder = [IO.Directory]::CreateTempSubdirectory('gadget-ssl-').FullName
        & openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/key" -out "$folder/cert" -days 1 -subj /CN=gadget 2>$null
        $start = [Diagnostics.ProcessStartInfo]::new('unshare')
        foreach ($one in '--net', 'sh', '-c', "ip link set lo up; openssl s_server -accept 127.0.0.1:4433 -key $folder/key -cert $folder/cert -www >/dev/null 2>&1 & until ss -lnt | grep -q 4433; do sleep 0.1; done; sh -c 'echo pid `$`$; read go; exec openssl s_client -connect 127.0.0.1:4433 -quiet 2>/dev/null'") { $start.ArgumentList.Add($one) }
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
        $process = [Diagnostics.Process]::Start($start)
        try {
            $id = [int] ($process.StandardOutput.ReadLine() -replace '^pid ')
            $sections = (Get-BeeImage gadget/trace_ssl:v1 -Store $store).Programs
            $absent = @($sections | Where-Object { $_.Section -match '^u(ret)?probe/' -and $_.Section -notmatch '/libssl:' } | ForEach-Object Name)
            $with = if ($absent) { @{ Skip = $absent } } else { @{} }
            $program = Start-BeeProgram gadget/trace_ssl:v1 -Store $store -Pull Never -Parameter @{ targ_pid = $id } -WarningAction SilentlyContinue @with
            $process.StandardInput.WriteLine('go')
            [Threading.Thread]::Sleep(1500)
            $process.StandardInput.WriteLine('gadget says hello')
            [Threading.Thread]::Sleep(1000)
            $process.StandardInput.Close()
            [Threading.Thread]::Sleep(500)
            Stop-BeeProgram -InputObject $program
            if ($program.Error) { throw $program.Error }
            $events = @(Receive-BeeEvent -InputObject $program)
            if ($env:GADGET_SHOW) { $events | Format-List operation, len, error, pid | Out-String | Out-Host }
        }
        finally { if (-not $process.HasExited) { $process.Kill($true) }; [IO.Directory]::Delete($folder, $true) }
        $sent = @($events | Where-Object { "$($_.operation)" -eq 'libssl_SSL_write' -and $_.len -eq 18 })[0]
        Assert-Fact 'gadget says hello' ([Text.Encoding]::ASCII.GetString([byte[]] $sent.buf[0..16])) 'text'
        'openssl s_client: the text that it sends'
    }
    gpu_top              = {
        $all = @(Read-Bridge gpu_top gpu_device array 16 3 128 @((5, 0, 8), (61, 8, 4), (1048576, 24, 8), (70, 40, 4)))
        $one = Assert-One $all 'devices'
        Assert-Fact '3 61 1048576 70' "$($one.device) $($one.sm_util_pct) $([uint64] $one.mem_used) $($one.temp_c)" 'device'
        'bpftool: the entry that it writes into the map of gpu-ebpf-bridge'
    }
    gpu_top_per_pid      = {
        $all = @(Read-Bridge gpu_top_per_pid gpu_per_pid lru_hash 4096 $PID 32 @((5, 0, 8), (4096, 8, 8), (9, 16, 4), (1, 25, 1)))
        $one = Assert-One ($all | Where-Object pid -EQ $PID) 'processes'
        Assert-Fact '4096 9' "$([uint64] $one.mem_used) $($one.sm_util_pct_max)" 'process'
        'bpftool: the entry that it writes into the map of gpu-ebpf-bridge'
    }
    # From here on: kprobes, LSM hooks, and what sees the whole machine.
    audit_seccomp        = {
        $got = Watch-Gadget audit_seccomp seccomp
        $one = @($got.Events | Where-Object { "$($_.syscall)" -eq 'mkdir' })[0]
        Assert-Fact "$($got.Id) mkdir SECCOMP_RET_LOG" "$($one.pid) $($one.syscall) $($one.code)" 'mkdir'
        'the load: the call that its seccomp filter logs'
    }
    fdpass               = {
        $got = Watch-Gadget fdpass fdpass
        $one = Assert-One $got.Events 'messages'
        Assert-Fact "$($got.Facts.socket) $($got.Facts.sockfd) $($got.Facts.fd)" "$($one.socket_ino) $($one.sockfd) $($one.fd)" 'fd'
        'the load: numbers and inode of its descriptors'
    }
    profile_tcprtt       = {
        $got = Watch-Gadget profile_tcprtt tcp -All -Wait 1
        $last = @($got.Events)[-1]
        $full = @($last.Buckets | Where-Object Count -GT 0)
        # A value that the connection had before its last packet.
        foreach ($i in 0..2) {
            $rtt = [int] $got.Facts["rtt$i"]
            Assert-Fact $true (@($full | Where-Object { $rtt -ge $_.From -and $rtt -le $_.To }).Count -gt 0) "bucket of $rtt us in $(@($full | ForEach-Object { "$($_.From)-$($_.To)" }))"
        }
        'TCP_INFO: the round trip time of the load''s connection'
    }
    top_file             = {
        $got = Watch-Gadget top_file file -Wait 1
        $one = @($got.Events | Where-Object { $_.file -like '*gadget-load.data' })[-1]
        Assert-Fact '10 81920 5 40960' "$($one.writes) $([uint64] $one.wbytes_raw) $($one.reads) $([uint64] $one.rbytes_raw)" 'file'
        'the load: its reads and writes'
    }
    top_tcp              = {
        $got = Watch-Gadget top_tcp tcp -Wait 1
        $one = @($got.Events | Where-Object { "$($_.src)" -like "*:$($got.Facts.client)" })[-1]
        Assert-Fact $got.Facts.bytes ([uint64] $one.sent_raw) 'sent'
        $other = @($got.Events | Where-Object { "$($_.dst)" -like "*:$($got.Facts.client)" })[-1]
        Assert-Fact $got.Facts.bytes ([uint64] $other.received_raw) 'received'
        'the load: bytes that it sends and receives'
    }
    trace_bind           = {
        $got = Watch-Gadget trace_bind bind -With @{ Parameter = @{ ignore_errors = $false } }
        # Of a call that fails the socket has no address, which is where the gadget looks.
        Assert-Fact '127.0.0.1:7779 0 EADDRINUSE' "$(@($got.Events)[0].addr) $([int] @($got.Events)[0].error) $(@($got.Events)[1].error)" 'binds'
        'the load: addresses and errno of its bind calls'
    }
    trace_capabilities   = {
        $got = Watch-Gadget trace_capabilities capability
        $one = @($got.Events | Where-Object { "$($_.syscall)" -eq 'chroot' })[0]
        Assert-Fact "$($got.Id) CAP_SYS_CHROOT True" "$($one.pid) $("$($one.cap)" -replace '^(CAP_)?', 'CAP_') $($one.capable)" 'chroot'
        $null = Assert-One (@($got.Events | Where-Object { "$($_.syscall)" -eq 'sethostname' })[0]) 'sethostname'
        'capabilities(7): what chroot and sethostname want; the load''s calls succeed'
    }
    trace_fsslower       = {
        $on = @{ ig_fssl_read_e = 'shmem_file_read_iter'; ig_fssl_read_x = 'shmem_file_read_iter'; ig_fssl_wr_e = 'shmem_file_write_iter'; ig_fssl_wr_x = 'shmem_file_write_iter' }
        $others = @((Get-BeeImage gadget/trace_fsslower:v1 -Store $store).Programs.Name | Where-Object { -not $on[$_] })
        $got = Watch-Gadget trace_fsslower file -With @{ AttachTo = $on; Skip = $others; Parameter = @{ min_lat_us = 0 } }
        $own = @($got.Events | Where-Object { "$($_.file)" -like '*gadget-load.data' })
        Assert-Fact '10 81920 5 40960' "$(foreach ($op in 'WRITE', 'READ') { $some = @($own | Where-Object { "$($_.op)" -like "*$op" }); $some.Count; ($some | Measure-Object size -Sum).Sum })" 'operations'
        'the load: numbers and sizes of its reads and writes'
    }
    trace_link           = {
        $got = Watch-Gadget trace_link link
        Assert-Fact 2 $got.Events.Count 'links'
        Assert-Fact '/tmp/gadget-load.a' @($got.Events)[0].target 'target'
        'the load: paths of its link and symlink calls'
    }
    trace_lsm            = {
        # Each hook's program takes a while to attach; those of the load's calls do.
        $wanted = 'inode_symlink', 'inode_link', 'inode_unlink', 'inode_create', 'file_open'
        $others = @((Get-BeeImage gadget/trace_lsm:v1 -Store $store).Programs.Name | Where-Object { ($_ -replace '^trace_lsm_') -notin $wanted })
        $got = Watch-Gadget trace_lsm link -With @{ Skip = $others; Parameter = @{ trace_all = $true } }
        $count = { param($name) @($got.Events | Where-Object { "$($_.tracepoint)" -eq $name }).Count }
        Assert-Fact '1 1 3 1' "$(& $count inode_symlink) $(& $count inode_link) $(& $count inode_unlink) $(& $count inode_create)" 'hooks'
        'the load: its link, symlink and unlink calls (5 of the 147 hooks; the others with -Skip)'
    }
    trace_oomkill        = {
        [IO.File]::WriteAllText('/sys/fs/cgroup/cgroup.subtree_control', '+memory')
        $group = [IO.Directory]::CreateDirectory('/sys/fs/cgroup/gadget').FullName
        [IO.File]::WriteAllText("$group/memory.max", '64M')
        $got = Watch-Gadget trace_oomkill memory -All -Wrap 'sh', '-c', "echo `$`$ > $group/cgroup.procs; exec `"`$0`" `"`$@`""
        $one = Assert-One $got.Events 'kills'
        Assert-Fact "$($got.Facts.child) 9" "$($one.tpid) $($got.Facts.signal)" 'kill'
        'wait4: the pid and signal of the child'
    }
    ttysnoop             = {
        $null = & sh -c 'mkdir -p /dev/pts; mount -t devpts devpts /dev/pts'
        $got = Watch-Gadget ttysnoop tty
        $one = @($got.Events | Where-Object { $_.len -eq 13 })[0]
        Assert-Fact 'gadget speaks' "$($one.buf)".Substring(0, 13) 'text'
        'the load: the text that it writes'
    }
    trace_tcpdrop        = {
        # Nobody answers for the address, so the SYN that waits for it is dropped.
        $null = & sh -c 'ip link add gadget0 type veth; ip link set gadget0 up; ip link set veth0 up; ip addr add 10.7.0.1/24 dev gadget0'
        $got = Watch-Gadget trace_tcpdrop 'syn', '10.7.0.2' -All
        $null = & ip link del gadget0
        $one = @($got.Events | Where-Object { "$($_.dst)" -eq '10.7.0.2:9' })[0]
        Assert-Fact "10.7.0.1:$($got.Facts.port) NEIGH_FAILED SYN" "$($one.src) $("$($one.reason)" -replace '^SKB_DROP_REASON_') $($one.tcpflags)" 'drop'
        'the load: the port of its SYN to an address without a neighbour'
    }
    trace_tcpretrans     = {
        # The other end of the pair hears what is sent, and does not answer. The kernel names it.
        $null = & sh -c 'ip link add gadget0 type veth; ip link set gadget0 arp off; ip link set gadget0 up; ip link set veth0 up; ip addr add 10.7.0.1/24 dev gadget0'
        $got = Watch-Gadget trace_tcpretrans 'syn', '10.7.0.2' -All
        $null = & ip link del gadget0
        $own = @($got.Events | Where-Object { "$($_.src)" -like "*:$($got.Facts.port)" })
        Assert-Fact $true ($own.Count -gt 0) 'retransmissions'
        Assert-Fact "$($got.Facts.retransmits) 10.7.0.2:9 SYN" "$($own.Count) $($own[0].dst) $($own[0].tcpflags)" 'retransmissions'
        'TCP_INFO: retransmissions of the load''s SYN'
    }
    trace_tcp            = {
        $got = Watch-Gadget trace_tcp tcp
        $connect = @($got.Events | Where-Object { "$($_.type)" -eq 'connect' -and "$($_.dst)" -eq '127.0.0.1:7777' })[0]
        Assert-Fact "127.0.0.1:$($got.Facts.client) $($got.Id) 0" "$($connect.src) $($connect.pid) $([int] $connect.error)" 'connect'
        $accept = @($got.Events | Where-Object { "$($_.type)" -eq 'accept' })[0]
        Assert-Fact "127.0.0.1:7777 127.0.0.1:$($got.Facts.client)" "$($accept.src) $($accept.dst)" 'accept'
        $refused = @($got.Events | Where-Object { "$($_.dst)" -eq '127.0.0.1:7778' })[0]
        Assert-Fact 'ECONNREFUSED' $refused.error 'refused'
        'the load: ports and errno of its connections'
    }
    fsnotify             = {
        $got = Watch-Gadget fsnotify inotify -All -With @{ Skip = 'inotify_handle_event_?'; Parameter = @{ inotify_only = $true } }
        $one = @($got.Events | Where-Object { "$($_.name)" -eq 'new' -and $_.tracer.pid -eq $got.Id })[0]
        Assert-Fact "$($got.Id) IN_CREATE" "$($one.tracee.pid) $($one.i_mask)" 'event'
        'the load: the event that its inotify descriptor gives'
    }
    # Those without a load here are attached and detached again.
    profile_blockio      = { Start-BeeProgram gadget/profile_blockio:v1 -Store $store -Pull Never -WarningAction SilentlyContinue | Stop-BeeProgram; throw 'attaches, and there is no disk here to compare with' }
    top_blockio          = { Start-BeeProgram gadget/top_blockio:v1 -Store $store -Pull Never -WarningAction SilentlyContinue | Stop-BeeProgram; throw 'attaches, and there is no disk here to compare with' }
    profile_qdisc_latency = { Start-BeeProgram gadget/profile_qdisc_latency:v1 -Store $store -Pull Never -WarningAction SilentlyContinue | Stop-BeeProgram; throw 'attaches, and there is no queue here to compare with' }
    trace_gpu_starvation = { Start-BeeProgram gadget/trace_gpu_starvation:v1 -Store $store -Pull Never -WarningAction SilentlyContinue | Stop-BeeProgram; throw 'attaches, and there is no gpu-ebpf-bridge here to compare with' }
    traceloop            = { Start-BeeProgram gadget/traceloop:v1 -Store $store -Pull Never -WarningAction SilentlyContinue | Stop-BeeProgram; throw 'attaches; its buffers are made and read by Go, which is not run' }
    advise_seccomp       = {
        $got = Watch-Gadget advise_seccomp calls -All -Wait 1
        $one = @($got.Events | Where-Object { "$($_.mntns_id)" -eq $got.Facts.mntns -or "$($_.mntns_id_raw)" -eq $got.Facts.mntns })[-1]
        # getpgid and getcpu are called, swapon is not.
        Assert-Fact '1 1 0' "$($one.syscalls[121]) $($one.syscalls[309]) $($one.syscalls[167])" 'calls'
        'the load: which system calls it makes (the profile is written by Go, which is not run)'
    }
}

# Needs kprobes, a module loader or BPF in LSM hooks, or sees more than can be narrowed to a process.
$guestOnly = 'audit_seccomp', 'fdpass', 'profile_tcprtt', 'top_file', 'top_tcp', 'trace_bind', 'trace_capabilities', 'trace_fsslower', 'trace_link', 'trace_lsm', 'trace_oomkill', 'ttysnoop', 'trace_tcpdrop',
    'trace_tcpretrans', 'trace_tcp', 'fsnotify', 'advise_seccomp', 'trace_init_module', 'profile_blockio', 'top_blockio', 'profile_qdisc_latency', 'trace_gpu_starvation', 'traceloop'
