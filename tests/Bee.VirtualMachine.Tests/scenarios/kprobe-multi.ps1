# One link for many functions, where the kernel has it; else a clear no.
$work = { Watch-Image vm/kprobe-multi:v1 { sh -c 'mkdir /tmp/one /tmp/two; rmdir /tmp/one /tmp/two' } }
if ($kernel -ge '6.12') {
    $events = & $work
    $events
    Assert-True (@($events | Where-Object Value -GE 2).Count -ge 2) 'vfs_mkdir and vfs_rmdir, twice each'
}
else {
    # Debian builds this kernel without CONFIG_FPROBE.
    $failure = Get-Failure $work
    "$failure"
    Assert-True ($failure.FullyQualifiedErrorId -like 'LoadFailed.Unsupported*') "error id: $($failure.FullyQualifiedErrorId)"
    Assert-True ("$failure" -like "*kprobe.multi*") "message: $failure"
}
