# Waits for a CPU, counted in the kernel: fields that moved between kernels are found.
$watch = Start-BeeProgram example/runqlat:v1 -Store $store -Parameter @{ target_pid = $PID } -Interval 1h
foreach ($i in 1..20) { [Threading.Thread]::Sleep(2) }
$slots = @(Get-BeeMapEntry hist_runq_ns -Program $watch.Id -Histogram)
Stop-BeeProgram -Name $watch.Id
$histograms = @(Receive-BeeEvent -InputObject $watch)
$histograms
Assert-True ($slots.Count -ge 1) 'read while it runs'
Assert-True ($histograms.Count -ge $slots.Count) 'given at the end'
$of = $histograms | Where-Object Count -GE 20
Assert-True ([bool] $of) 'a thread that waited at each of its sleeps'
Assert-Equal 'ns' "$(@($of)[0].Unit)" 'unit'
Assert-True (@($of)[0].Mean -gt 100 -and @($of)[0].Mean -lt 1e9) "average: $(@($of)[0].Mean)"
