using Bee.Containers.Cgroups;

namespace Bee.Containers.Recording;

/// <summary>Records where processes and mount namespaces are, and which cgroups come and go. The members for lookups are thread-safe, and neither wait nor allocate.</summary>
internal interface IRecorder : IDisposable
{
    /// <summary>Completes when the recorder records. It fails if the recorder cannot be opened.</summary>
    Task Opened => Task.CompletedTask;

    /// <summary>The reason why processes are not recorded, as a sentence; null if they are, and until <see cref="Opened"/> has completed.</summary>
    string? Note => null;

    /// <summary>Whether processes and mount namespaces are recorded as they start, so that the answer does not depend on how long they live.</summary>
    bool RecordsProcesses { get; }

    /// <summary>Returns the cgroup of a process, even if it has exited.</summary>
    /// <param name="processId">The process id (tgid) in the initial pid namespace.</param>
    /// <param name="cgroup">The key of the cgroup.</param>
    /// <returns>False if the process is not recorded.</returns>
    bool TryFindProcess(int processId, out ulong cgroup);

    /// <summary>Returns what is recorded of a mount namespace.</summary>
    /// <param name="inode">The inode number of the namespace.</param>
    /// <param name="recorded">The cgroup that it belongs to, and its generation.</param>
    /// <returns>False if the namespace is not recorded.</returns>
    bool TryFindMountNamespace(ulong inode, out RecordedNamespace recorded);

    /// <summary>Passes on what has been recorded since the last call. Does not wait. Not thread-safe.</summary>
    /// <param name="sink">Receives it.</param>
    /// <returns>False if the recorder has dropped records, so that <see cref="List"/> is needed.</returns>
    bool Drain(IRecorderSink sink);

    /// <summary>Reads which cgroups and mount namespaces exist. Takes milliseconds. Not thread-safe, but may run during <see cref="Drain"/>.</summary>
    RecorderListing List();

    /// <summary>Waits until there is something to drain, <see cref="Wake"/> is called, or the timeout has passed. For one thread.</summary>
    /// <param name="milliseconds">The timeout; -1 for none.</param>
    void Wait(int milliseconds);

    /// <summary>Ends the current wait, or the next one. Thread-safe.</summary>
    void Wake();
}

/// <summary>Receives what a recorder has recorded.</summary>
internal interface IRecorderSink
{
    /// <summary>A cgroup was created.</summary>
    void CgroupCreated(in Cgroup cgroup);

    /// <summary>A cgroup was removed.</summary>
    void CgroupRemoved(ulong cgroup);

    /// <summary>A mount namespace was created, or its cgroup has changed. Its inode number may have been that of another namespace before.</summary>
    void MountNamespaceSeen(ulong inode, ulong cgroup);
}

/// <summary>What is recorded of a mount namespace.</summary>
/// <param name="Cgroup">The key of the cgroup that the namespace was created in.</param>
/// <param name="Generation">Tells apart namespaces that had the same inode number, which the kernel reuses at once.</param>
internal readonly record struct RecordedNamespace(ulong Cgroup, ulong Generation);

/// <summary>What exists on this host.</summary>
/// <param name="Cgroups">The cgroups, parents before children.</param>
/// <param name="MountNamespaces">The mount namespaces of running processes, with the keys of their cgroups, as far as they are known.</param>
internal sealed record RecorderListing(IReadOnlyList<Cgroup> Cgroups, IReadOnlyList<(ulong Inode, ulong Cgroup)> MountNamespaces);
