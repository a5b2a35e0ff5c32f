# Test-BeeHost says that all is well here but for the compiler, which is not in the guest.
$checks = Test-BeeHost
$checks | Where-Object State -NE Ok
$of = @{}
foreach ($check in $checks) { $of[$check.Name] = "$($check.State)" }
Assert-Equal '' "$(($checks | Where-Object State -EQ Failed).Name)" 'what fails'
Assert-Equal 'Clang LibbpfHeaders LlvmStrip' ([Linq.Enumerable]::Order([string[]] @($checks | Where-Object State -EQ Warning | ForEach-Object Name)) -join ' ') 'warnings'
foreach ($name in 'KernelVersion', 'KernelBtf', 'Tracefs', 'Bpffs', 'CgroupV2', 'User', 'Lockdown', 'Kprobes', 'Uprobes', 'Trampolines', 'BpfLsm', 'Jit', 'Libbpf') {
    Assert-Equal 'Ok' $of[$name] $name
}
