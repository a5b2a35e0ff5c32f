using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Bee.Tests;

/// <summary>Waits for states that other threads, other processes or the kernel bring about.</summary>
internal static class Wait
{
    /// <summary>How long a test waits before it fails: so long that only a hang exceeds it, also on a busy machine.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Waits until a condition holds. Fails the test after <see cref="Limit"/>.</summary>
    /// <param name="condition">The condition, which is checked repeatedly.</param>
    /// <param name="problem">What is wrong if it never holds. By default the expression.</param>
    public static void Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string problem = "") => Until(condition, () => problem);

    /// <summary>Waits until a condition holds. Fails the test after <see cref="Limit"/>.</summary>
    /// <param name="condition">The condition, which is checked repeatedly.</param>
    /// <param name="problem">Returns what is wrong if it never holds.</param>
    public static void Until(Func<bool> condition, Func<string> problem)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > Limit)
            {
                Assert.Fail($"After {Limit.TotalSeconds} seconds: {problem()}");
            }

            // Short waits end soon after the condition holds, and long ones take little processor time from what they wait for.
            Thread.Sleep((int)Math.Clamp(clock.ElapsedMilliseconds / 50, 1, 20));
        }
    }

    /// <summary>Removes a cgroup. The kernel frees it some time after its last process has ended.</summary>
    /// <param name="path">Its folder.</param>
    public static void UntilRemoved(string path) => Until(
        () =>
        {
            try
            {
                Directory.Delete(path);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        },
        $"{path} stays");

    /// <summary>Waits on another thread until a condition holds. Fails the test after <see cref="Limit"/>.</summary>
    /// <param name="condition">The condition, which is checked repeatedly.</param>
    /// <param name="problem">What is wrong if it never holds. By default the expression.</param>
    public static Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string problem = "") =>
        condition() ? Task.CompletedTask : Task.Factory.StartNew(() => Until(condition, problem), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
