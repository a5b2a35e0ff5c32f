# A tool's trace lines, while another run of it writes the same ones.
$other = Start-BeeProgram vm/trace:v1 -Store $store -Trace
try { $lines = Watch-Image vm/trace:v1 { sh -c 'mkdir /tmp/one; rmdir /tmp/one' } -With @{ Trace = $true } }
finally { Stop-BeeProgram -InputObject $other }
$lines
$expected = 'entered: from a function: 1', 'entered: mkdir', 'probed: 1 2 3 4'
Assert-Equal ($expected -join '; ') ((@($lines | ForEach-Object { "$($_.Program): $($_.Text)" }) | Sort-Object) -join '; ') 'lines'
Assert-Equal ($expected -join '; ') ((@(Receive-BeeEvent -InputObject $other | ForEach-Object { "$($_.Program): $($_.Text)" }) | Sort-Object) -join '; ') 'lines of the other run'
Assert-Equal 'mkdir' "$(@($lines | ForEach-Object Comm | Sort-Object -Unique))" 'comm'
