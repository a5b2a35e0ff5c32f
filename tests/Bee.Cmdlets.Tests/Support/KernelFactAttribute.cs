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

/// <summary>Why kernel tests cannot run here.</summary>
internal static class KernelTests
{
    /// <summary>Null where they can.</summary>
    public static string? Obstacle { get; } =
        !Kernel.IsRoot ? "loading programs takes root"
        : !File.Exists("/sys/kernel/btf/vmlinux") ? "this kernel brings no BTF"
        : !File.Exists("/sys/kernel/tracing/events/enable") && !File.Exists("/sys/kernel/debug/tracing/events/enable") ? "tracefs is not mounted"
        : null;
}
