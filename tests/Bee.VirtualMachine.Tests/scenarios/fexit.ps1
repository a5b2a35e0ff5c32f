# fentry and fexit of one function: arguments, result and time; events beside a counter.
$events = Watch-Image vm/fexit:v1 { sh -c 'mkdir /tmp/new; mkdir /tmp/new; mkdir /none/of/these; rmdir /tmp/new; true' 2>$null }
$events
$made = @($events | Where-Object MapName -EQ print_made)
Assert-Equal '0 EEXIST ENOENT' ($made.ForEach{ if ([int] $_.result) { $_.result } else { 0 } } -join ' ') 'results'
Assert-True (-not ($made | Where-Object { $_.took -le 0 -or $_.took -gt 5e9 })) 'each took some time'
$last = @($events | Where-Object MapName -EQ counter_results)
Assert-Equal 3 $last.Count 'counted results'
Assert-True (-not ($last | Where-Object Value -NE 1)) 'one of each'
