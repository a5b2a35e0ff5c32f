# What the scenarios share. Each further cmdlet costs the emulated processor time to load, so plain .NET calls are used where they do.

$kernel = [version] ([IO.File]::ReadAllText('/proc/sys/kernel/osrelease') -replace '^(\d+\.\d+).*\n?$', '$1')
$store = '/bee/store'

function Assert-True($value, [string] $what) { if (-not $value) { throw "not so: $what" } }

function Assert-Equal($expected, $actual, [string] $what) {
    if ("$expected" -cne "$actual") { throw "${what}: expected '$expected', got '$actual'" }
}

# Gives what an image reports while some work is done; all of it, since a stopped program's ring is read to its end.
function Watch-Image([string] $Image, [scriptblock] $Work, [hashtable] $With = @{}) {
    $program = Start-BeeProgram $Image -Store $store @With
    try { $null = & $Work }
    finally {
        [Threading.Thread]::Sleep(100)
        Stop-BeeProgram -InputObject $program
    }
    if ($program.Error) { throw "$Image failed: $($program.Error)" }
    Receive-BeeEvent -InputObject $program
}

# The error that some work ends with.
function Get-Failure([scriptblock] $Work) {
    try { $null = & $Work }
    catch { return $_ }
    throw 'it did not fail'
}

# The whole guest is the tests': nothing of a scenario may be left anywhere in it.
function Assert-NothingLeft {
    Assert-Equal 0 @(Get-BeeProgram).Count 'background programs'
    # The recorder of containers is closed on another thread.
    for ($i = 0; $i -lt 600; $i++) {
        $held = foreach ($file in [IO.Directory]::GetFiles('/proc/self/fdinfo')) {
            try { [IO.File]::ReadAllLines($file) -match '^(prog_id|link_id|map_id):' } catch [IO.IOException] { }
        }
        if (-not $held) { break }
        [Threading.Thread]::Sleep(50)
    }
    Assert-Equal '' "$held" 'descriptors of programs, maps and links'
    foreach ($file in 'enabled_functions', 'kprobe_events', 'uprobe_events') {
        for ($i = 0; ($text = [IO.File]::ReadAllText("/sys/kernel/tracing/$file")) -and $i -lt 20; $i++) { [Threading.Thread]::Sleep(50) }
        Assert-Equal '' $text "/sys/kernel/tracing/$file"
    }
    Assert-Equal '' ([IO.File]::ReadAllText('/sys/kernel/debug/kprobes/list')) 'kprobes'
    Assert-Equal 0 ([IO.Directory]::GetFileSystemEntries('/sys/fs/bpf')).Count 'pins'
}
