# Test-BeeImage says beforehand what this kernel takes and refuses; the scenarios "kinds" and "examples" show that it is so.
$newer = $kernel -ge '6.12'
$expected = [ordered] @{
    '/bee/kinds/kprobe.o'              = $true
    '/bee/kinds/fentry.o'              = $true
    '/bee/kinds/lsm.o'                 = $true
    '/bee/kinds/kprobe.multi.o'        = $newer
    '/bee/kinds/uprobe.multi.o'        = $newer
    '/bee/kinds/tcx~ingress.o'         = $newer
    '/bee/kinds/cgroup~connect_unix.o' = $newer
    'example/oomkill:v1'               = $true
    'example/fileslower:v1'            = $true
    'example/capable:v1'               = $true
}
$wrong = foreach ($program in $expected.Keys) {
    $failed = @(Test-BeeImage $program -Store $store | Where-Object State -EQ Failed)
    "${program}: $(if ($failed) { $failed.Message } else { 'can run' })" | Out-Host
    if ((-not $failed) -ne $expected[$program]) { "${program}: $($failed.Message)" }
}
Assert-Equal '' ($wrong -join "`n") 'said wrongly'
