// The tests share one engine and one store; running them in parallel would only compete for CPUs.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Bee.Deployments;

/// <summary>All tests use one engine.</summary>
[CollectionDefinition("Engine")]
public sealed class EngineCollection : ICollectionFixture<Engine>;

/// <summary>A test that runs tools in this kernel, without a container.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips the test, with the reason, if the requirements are missing.</summary>
    public KernelTheoryAttribute() => Skip = Requirements.Kernel;
}

/// <summary>A test that runs containers with podman.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PodmanFactAttribute : FactAttribute
{
    /// <summary>Skips the test, with the reason, if the requirements are missing.</summary>
    public PodmanFactAttribute() => Skip = Requirements.Podman;
}

/// <summary>The same for a test that takes long.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongPodmanFactAttribute : FactAttribute
{
    /// <summary>Skips the test, with the reason, if the requirements are missing or the run is quick.</summary>
    public LongPodmanFactAttribute() => Skip = FullRun.IsOn ? Requirements.Podman : "it takes long: ./build.sh test -Full";
}

/// <summary>A test that runs a container with containerd. Unpacking its image takes a while, so only a full run does it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ContainerdFactAttribute : FactAttribute
{
    /// <summary>Skips the test, with the reason, if the requirements are missing.</summary>
    public ContainerdFactAttribute() => Skip = FullRun.IsOn ? Requirements.Containerd : "it takes long: ./build.sh test -Full";
}
