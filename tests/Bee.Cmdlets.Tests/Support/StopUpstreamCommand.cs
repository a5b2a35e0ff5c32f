using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>
/// Has had enough at its first object, as Select-Object -First 1, which is not among the engine's own commands. What it throws is
/// internal to the engine, hence the reflection.
/// </summary>
[Cmdlet("Stop", "Upstream")]
public sealed class StopUpstreamCommand : Cmdlet
{
    [Parameter(ValueFromPipeline = true)]
    public object? InputObject { get; set; }

    protected override void ProcessRecord() =>
        throw (Exception)Activator.CreateInstance(
            typeof(Cmdlet).Assembly.GetType("System.Management.Automation.StopUpstreamCommandsException", throwOnError: true)!, this)!;
}
