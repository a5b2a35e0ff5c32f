// The tests run one engine and one store; several at once would only wait for the processors.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Bee.Container;

/// <summary>All tests use one engine.</summary>
[CollectionDefinition("Engine")]
public sealed class EngineCollection : ICollectionFixture<Engine>;

/// <summary>A test that runs tools in this kernel, without a container.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips, with the reason, where that cannot be.</summary>
    public KernelTheoryAttribute() => Skip = Requirements.Kernel;
}

/// <summary>A test that runs containers with podman.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PodmanFactAttribute : FactAttribute
{
    /// <summary>Skips, with the reason, where that cannot be.</summary>
    public PodmanFactAttribute() => Skip = Requirements.Podman;
}

/// <summary>The same for a test that takes long.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongPodmanFactAttribute : FactAttribute
{
    /// <summary>Skips, with the reason, where that cannot be, or in a quick run.</summary>
    public LongPodmanFactAttribute() => Skip = FullRun.IsOn ? Requirements.Podman : "it takes long: ./build.sh test -Full";
}

/// <summary>A test that runs a container with containerd. Unpacking its image takes a while, so only a full run does it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ContainerdFactAttribute : FactAttribute
{
    /// <summary>Skips, with the reason, where that cannot be.</summary>
    public ContainerdFactAttribute() => Skip = FullRun.IsOn ? Requirements.Containerd : "it takes long: ./build.sh test -Full";
}
