using Bee.Cmdlets.Tests;

namespace Bee.Terminal.Tests.Support;

/// <summary>A test in a terminal of its own that loads programs; skipped, with the reason, where that cannot be.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TerminalFactAttribute : FactAttribute
{
    public TerminalFactAttribute() => Skip = KernelTests.Obstacle ?? Tmux.Obstacle;
}

/// <summary>The same for a test with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TerminalTheoryAttribute : TheoryAttribute
{
    public TerminalTheoryAttribute() => Skip = KernelTests.Obstacle ?? Tmux.Obstacle;
}

/// <summary>The same for a test that takes long: it runs in a full run.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongTerminalFactAttribute : FactAttribute
{
    public LongTerminalFactAttribute() => Skip = FullRun.IsOn ? KernelTests.Obstacle ?? Tmux.Obstacle : "it takes long: ./build.sh test -Full";
}
