namespace Bee.Tests;

/// <summary>
/// Decides whether long tests run: <c>./build.sh test -Full</c> sets BEE_FULL=1. Without it, a shorter variant runs.
/// </summary>
internal static class FullRun
{
    /// <summary>Whether long tests run.</summary>
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("BEE_FULL") == "1";

    /// <summary>Returns how often to repeat something: <paramref name="full"/> times in a full run, <paramref name="quick"/> times otherwise.</summary>
    public static int Times(int quick, int full) => IsOn ? full : quick;
}
