namespace Bee.Cmdlets.Tests;

/// <summary>A test that loads programs into the running kernel. It is skipped with a reason if that is impossible.</summary>
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

/// <summary>A test that creates its own network namespaces or control groups.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute() => Skip = KernelTests.NetworkObstacle;
}

/// <summary>Decides whether kernel tests can run.</summary>
internal static class KernelTests
{
    /// <summary>The reason why kernel tests cannot run; null if they can.</summary>
    public static string? Obstacle { get; } =
        !Kernel.IsRoot ? "loading programs takes root"
        : !File.Exists("/sys/kernel/btf/vmlinux") ? "this kernel has no BTF"
        : !File.Exists("/sys/kernel/tracing/events/enable") && !File.Exists("/sys/kernel/debug/tracing/events/enable") ? "tracefs is not mounted"
        : null;

    /// <summary>The reason why the test cannot create network namespaces; null if it can.</summary>
    public static string? NetworkObstacle => Obstacle ?? (Array.TrueForAll(["ip", "perl", "nsenter"], IsOnPath) ? null : "needs ip, perl and nsenter");

    private static bool IsOnPath(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, tool)));
}
