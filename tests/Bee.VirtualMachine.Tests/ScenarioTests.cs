using Bee.VirtualMachine.Machine;

// The tests of one kernel wait for its guest while those of another boot theirs, on any number of CPUs.
[assembly: CollectionBehavior(MaxParallelThreads = 8)]

namespace Bee.VirtualMachine;

/// <summary>All scenarios on Debian 12's kernel.</summary>
public class Linux_6_1
{
    [Theory]
    [ScenarioData("6.1")]
    public void Runs(string scenario) => GuestRun.Of("6.1").Assert(scenario);
}

/// <summary>All scenarios on Debian 13's kernel.</summary>
public class Linux_6_12
{
    [Theory]
    [ScenarioData("6.12")]
    public void Runs(string scenario) => GuestRun.Of("6.12").Assert(scenario);
}
