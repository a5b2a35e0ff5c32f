using Bee.VirtualMachine.Machine;

namespace Bee.VirtualMachine;

/// <summary>Measures third-party programs if <c>BEE_REACH</c> names a folder (tests/Reach). The results are in artifacts/guests.</summary>
public class ReachTests
{
    [ReachFact]
    public void The_measurement_completes() => GuestRun.Of("6.12").Assert("reach");
}

/// <summary>A fact that is skipped without a folder to measure.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReachFactAttribute : FactAttribute
{
    /// <summary>Checks the folder and the requirements of a guest.</summary>
    public ReachFactAttribute() => Skip = Project.Reach is null ? "BEE_REACH names no folder with a measurement" : Requirements.Obstacle("6.12");
}
