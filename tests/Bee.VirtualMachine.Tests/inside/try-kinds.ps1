# Runs a program of each kind for a moment, and gives a line for each: its name, attached or refused, the fault, what was said, what to do. Nobody is watched: none of
# them does anything.
param([Parameter(Mandatory)] [string] $From, [Parameter(Mandatory)] [string] $Cgroup)

# The module loads its libraries when a command needs them.
$null = [Reflection.Assembly]::LoadFrom("$((Get-Module Bee).ModuleBase)/Bee.Ebpf.dll")
# The table of kinds is internal.
$kinds = [Bee.Ebpf.BpfSession].Assembly.GetType('Bee.Ebpf.Objects.ProgramKinds').GetProperty('All').GetValue($null)
foreach ($kind in $kinds) {
    $place = @{}
    if ($kind.NeedsInterface) { $place.Interface = 'lo' }
    if ($kind.NeedsCgroup) { $place.Cgroup = $Cgroup }
    if ($kind.NeedsNetworkNamespace) { $place.NetworkNamespace = "/proc/$PID/ns/net" }
    $state = 'attached'
    $fault = $said = $remedy = ''
    try {
        $object = "$From/$($kind.Name.Replace('/', '~')).o"
        if ($kind.Name -eq 'syscall') {
            # Nothing attaches it: it runs when it is asked.
            $null = Test-BeeProgram $object -ErrorAction Stop
        }
        else {
            $program = Start-BeeProgram $object @place -ErrorAction Stop -WarningAction SilentlyContinue
            Stop-BeeProgram -InputObject $program
            if ($program.Error) { throw $program.Error }
        }
    }
    catch {
        $state = 'refused'
        $fault = "$($_.FullyQualifiedErrorId)" -replace ',.*$' -replace '^LoadFailed\.'
        $said = ("$($_.Exception.Message)" -split "`n")[0]
        if ($_.ErrorDetails) { $remedy = "$($_.ErrorDetails.RecommendedAction)" -replace "`n", ' ' }
    }
    "kind`t$($kind.Name)`t$state`t$fault`t$said`t$remedy"
}
