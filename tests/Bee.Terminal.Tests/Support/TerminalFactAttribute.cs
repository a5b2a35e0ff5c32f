using Bee.Cmdlets.Tests;

namespace Bee.Terminal.Tests.Support;

/// <summary>A test that loads programs in its own terminal. Skipped, with the reason, if the requirements are missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TerminalFactAttribute : FactAttribute
{
    public TerminalFactAttribute() => Skip = KernelTests.Obstacle ?? Tmux.Obstacle;
}

/// <summary>A theory that loads programs in its own terminal.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TerminalTheoryAttribute : TheoryAttribute
{
    public TerminalTheoryAttribute() => Skip = KernelTests.Obstacle ?? Tmux.Obstacle;
}

/// <summary>A long test that loads programs in its own terminal. Runs only in full runs.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongTerminalFactAttribute : FactAttribute
{
    public LongTerminalFactAttribute() => Skip = FullRun.IsOn ? KernelTests.Obstacle ?? Tmux.Obstacle : "it takes long: ./build.sh test -Full";
}
