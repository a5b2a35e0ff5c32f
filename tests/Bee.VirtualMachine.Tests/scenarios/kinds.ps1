# Every kind of program: what this kernel takes, and what it refuses. The page docs/compatibility.md is made of it.
$null = [IO.Directory]::CreateDirectory('/sys/fs/cgroup/kinds')
try { $lines = @(& /bee/inside/try-kinds.ps1 -From /bee/kinds -Cgroup /sys/fs/cgroup/kinds) }
finally { [IO.Directory]::Delete('/sys/fs/cgroup/kinds') }
$lines -join "`n"
foreach ($line in $lines) { $results.Write("$line`n") }
Assert-True (@($lines -like "*`tattached`t*").Count -ge 45) 'most kinds attach'
Assert-Equal '' ($lines -like "*`tUnexpected`t*" -join "`n") 'errors without a name'
