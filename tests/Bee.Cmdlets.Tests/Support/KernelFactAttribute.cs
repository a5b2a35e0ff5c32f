namespace Bee.Cmdlets.Tests;

/// <summary>A test that loads programs into the running kernel; skipped, with the reason, where that cannot be.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelFactAttribute : FactAttribute
{
    public KernelFactAttribute() => Skip = KernelTests.Obstacle;
}

/// <summary>The same for a test with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelTheoryAttribute : TheoryAttribute
{
    public KernelTheoryAttribute() => Skip = KernelTests.Obstacle;
}

/// <summary>A test that makes network namespaces or control groups of its own.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute() => Skip = KernelTests.NetworkObstacle;
}

/// <summary>Why kernel tests cannot run here.</summary>
internal static class KernelTests
{
    /// <summary>Null where they can.</summary>
    public static string? Obstacle { get; } =
        !Kernel.IsRoot ? "loading programs takes root"
        : !File.Exists("/sys/kernel/btf/vmlinux") ? "this kernel brings no BTF"
        : !File.Exists("/sys/kernel/tracing/events/enable") && !File.Exists("/sys/kernel/debug/tracing/events/enable") ? "tracefs is not mounted"
        : null;

    /// <summary>Why there can be no network namespaces of the test's own; null where there can.</summary>
    public static string? NetworkObstacle => Obstacle ?? (Array.TrueForAll(["ip", "perl", "nsenter"], IsOnPath) ? null : "needs ip, perl and nsenter");

    private static bool IsOnPath(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, tool)));
}
