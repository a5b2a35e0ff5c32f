using Bee.VirtualMachine.Machine;

namespace Bee.VirtualMachine;

/// <summary>The measurement of other people's programs, when <c>BEE_REACH</c> names a folder for it (tests/Reach). What it says is in artifacts/guests.</summary>
public class ReachTests
{
    [ReachFact]
    public void The_measurement_comes_to_its_end() => GuestRun.Of("6.12").Assert("reach");
}

/// <summary>A fact that is skipped when nothing is to be measured.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReachFactAttribute : FactAttribute
{
    /// <summary>Looks for the folder, and for what a guest takes.</summary>
    public ReachFactAttribute() => Skip = Project.Reach is null ? "BEE_REACH names no folder with a measurement" : Requirements.Obstacle("6.12");
}
