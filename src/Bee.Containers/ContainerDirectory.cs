using Bee.Containers.Cgroups;
using Bee.Containers.Recording;
using Bee.Containers.Runtimes;
using Bee.Ebpf.Records;

namespace Bee.Containers;

/// <summary>
/// Knows the containers of this host: it follows cgroups as they come and go, and asks runtimes for names on threads of its own. All directories of a process with the same runtimes share
/// one recorder, which is unloaded with the last of them. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A container gets its id from the path of its cgroup, and its names from a runtime of the user who owns that part of the hierarchy. In nested paths the outermost container counts. So a
/// container cannot take the name of another: what it creates itself lies below its own cgroup.
/// </para>
/// <para>
/// Bee's recorder, a BPF object, notes the cgroup of each process and mount namespace in memory that it shares with this process. A record of a process that has exited therefore still finds
/// its container. Where the kernel does not load the recorder, the directory follows the cgroup file system and reads <c>/proc</c>, which misses processes that have exited.
/// </para>
/// </remarks>
internal sealed class ContainerDirectory : IContainerResolver, IDisposable
{
    private static readonly object s_gate = new();
    private static readonly List<Shared> s_shared = [];

    private readonly Shared _shared;
    private readonly ContainerWatch _watch;
    private Action<ContainerChange>? _changed;
    private bool _disposed;

    private ContainerDirectory(Shared shared) => (_shared, _watch) = (shared, shared.Watch);

    /// <summary>Raised on the directory's thread when a container starts, gets its names, changes its cgroups or mount namespaces, or ends.</summary>
    public event Action<ContainerChange> Changed
    {
        add
        {
            _changed += value;
            _watch.Changed += value;
        }

        remove
        {
            _changed -= value;
            _watch.Changed -= value;
        }
    }

    /// <summary>The containers that run now.</summary>
    public IReadOnlyList<RunningContainer> Running => _watch.Running;

    /// <summary>The reason why processes are not recorded as they start, as a sentence; null if they are. Containers that live only briefly may then stay without names.</summary>
    public string? Note => _shared.Note;

    /// <summary>Opens the directory, and reads the containers that run.</summary>
    /// <param name="runtimes">The runtimes of the host.</param>
    /// <returns>The directory; null if there is no runtime.</returns>
    public static ContainerDirectory? Open(IReadOnlyList<IContainerRuntime> runtimes)
    {
        if (runtimes.Count == 0)
        {
            return null;
        }

        lock (s_gate)
        {
            var shared = s_shared.Find(shared => shared.Runtimes.SequenceEqual(runtimes));
            if (shared is null)
            {
                var tree = CgroupTree.Open();
                var (recorder, note) = Recorders.Open(tree);
                shared = new Shared(runtimes, new ContainerWatch(runtimes, tree, recorder, ContainerPath.Parse), note);
                s_shared.Add(shared);
            }

            shared.Users++;
            return new ContainerDirectory(shared);
        }
    }

    /// <inheritdoc/>
    public ContainerNames? Find(in ContainerKey key) => _watch.Find(key);

    /// <summary>Ends the subscriptions. The last directory also unloads the recorder.</summary>
    public void Dispose()
    {
        bool isLast;
        lock (s_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            isLast = --_shared.Users == 0;
            if (isLast)
            {
                s_shared.Remove(_shared);
            }
        }

        foreach (var handler in _changed?.GetInvocationList() ?? [])
        {
            _watch.Changed -= (Action<ContainerChange>)handler;
        }

        if (isLast)
        {
            _watch.Dispose();
        }
    }

    private sealed record Shared(IReadOnlyList<IContainerRuntime> Runtimes, ContainerWatch Watch, string? Note)
    {
        public int Users { get; set; }
    }
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
