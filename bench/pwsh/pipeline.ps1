# Prints for each round the processor time in nanoseconds of a cmdlet that writes objects that are there already, of Invoke-BeeProgram up to its first
# event, and of Invoke-BeeProgram up to its last one. The caller keeps calling what the program waits for.
param([string] $Module, [string] $Program, [int] $Target, [int] $Events, [int] $Rounds)

$ErrorActionPreference = 'Stop'
Import-Module $Module
$type = Add-Type -PassThru -TypeDefinition @'
using System.Management.Automation;

[Cmdlet(VerbsCommunications.Write, "Premade")]
public sealed class WritePremadeCommand : Cmdlet
{
    [Parameter(Mandatory = true)]
    public object[] From { get; set; }

    [Parameter(Mandatory = true)]
    public int Count { get; set; }

    protected override void ProcessRecord()
    {
        object[] objects = System.Array.ConvertAll(From, one => one is PSObject wrapped ? wrapped.BaseObject : one);
        for (int i = 0; i < Count; i++)
        {
            WriteObject(objects[i % objects.Length]);
        }
    }
}
'@
Import-Module -Assembly $type.Assembly

function Measure-Processor([scriptblock] $Work) {
    $start = [Environment]::CpuUsage.TotalTime
    & $Work
    ([Environment]::CpuUsage.TotalTime - $start).Ticks * 100
}

$run = @{ Program = $Program; Parameter = @{ target_pid = $Target } }
$premade = Invoke-BeeProgram @run -MaxEvents 1000
foreach ($round in 1..$Rounds) {
    $engine = Measure-Processor { Write-Premade -From $premade -Count $Events | Out-Null }
    $first = Measure-Processor { Invoke-BeeProgram @run -MaxEvents 1 | Out-Null }
    $all = Measure-Processor { Invoke-BeeProgram @run -MaxEvents $Events | Out-Null }
    "$engine $first $all"
}
