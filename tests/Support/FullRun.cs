using Xunit;

namespace Bee.Tests;

/// <summary>
/// Whether this run takes the time for long tests: <c>./build.sh test -Full</c> sets BEE_FULL=1. Without it a smaller part runs each time.
/// </summary>
internal static class FullRun
{
    /// <summary>Why a long test is skipped.</summary>
    public const string Reason = "long; runs with ./build.sh test -Full";

    /// <summary>Whether long tests run.</summary>
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("BEE_FULL") == "1";

    /// <summary>Returns how often to repeat something: <paramref name="full"/> times in a full run, <paramref name="quick"/> times otherwise.</summary>
    public static int Times(int quick, int full) => IsOn ? full : quick;
}

/// <summary>A test that runs only in a full run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FullFactAttribute : FactAttribute
{
    public FullFactAttribute() => Skip = FullRun.IsOn ? null : FullRun.Reason;
}

/// <summary>A test with data that runs only in a full run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FullTheoryAttribute : TheoryAttribute
{
    public FullTheoryAttribute() => Skip = FullRun.IsOn ? null : FullRun.Reason;
}
