using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Bee.Containers.Cgroups;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Containers.Recording;

/// <summary>Bee's recorder: BPF programs that note the cgroups of processes and mount namespaces in memory that this process maps (recorder.bpf.c).</summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class BpfRecorder : IRecorder
{
    private const string Resource = "recorder.bpf.o", OptionalProgram = "bee_switch";

    // As in recorder.bpf.c.
    private const int Processes = 65536, Namespaces = 32768;
    private const ulong ProcessFactor = 0x9e3779b97f4a7c15, NamespaceFactor = 0xc2b2ae3d27d4eb4f, GenerationFactor = 0x165667b19e3779f9;
    // Whether this kernel does not load or attach the optional program. Known after the first attempt, since loading takes long.
    private static volatile bool s_lacksOptional;
    private static readonly string[] s_controllers = ["", "pids", "memory", "devices", "freezer", "cpu"];

    private readonly CgroupTree _tree;
    private readonly BpfSession _session;
    private readonly Waiter _waiter = new();
    private readonly MappedPages _processes, _namespaces, _globals;
    private readonly RingBuffer _ring;
    private readonly int _lostOffset;
    private ulong _lost;

    private BpfRecorder(CgroupTree tree, BpfSession session)
    {
        (_tree, _session) = (tree, session);
        try
        {
            _processes = Pages(session.Map("bee_processes"), Processes * sizeof(Process));
            _namespaces = Pages(session.Map("bee_namespaces"), Namespaces * sizeof(Namespace));
            var lost = session.Map("lost");
            _lostOffset = lost.Description.Place?.Offset ?? 0;
            _globals = Pages(lost, Environment.SystemPageSize);
            var changes = session.Map("bee_changes");
            _ring = RingBuffer.MapRing(changes);
            _waiter.Add(changes.Fd);
            // Before the programs run: a process that is about to become a container's must not be the first in the mount namespace of the host.
            RunIterator();
            session.Attach();
            RunIterator();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool RecordsProcesses => true;

    /// <summary>Loads and attaches the programs, and records the processes that run.</summary>
    /// <param name="tree">The cgroup hierarchies.</param>
    /// <exception cref="BpfLoadException">The kernel does not load or attach them; nothing is left behind.</exception>
    public static BpfRecorder Open(CgroupTree tree)
    {
        using var stream = typeof(BpfRecorder).Assembly.GetManifestResourceStream(Resource)!;
        var file = ObjectFile.Read(stream, Resource);
        var withOptional = !s_lacksOptional;
        try
        {
            return Open(tree, file, withOptional);
        }
        catch (BpfLoadException e) when (withOptional && e.Program is null or OptionalProgram)
        {
            s_lacksOptional = e.Program == OptionalProgram;
            // On arm64, fentry needs Linux 6.0. Without the program, a mount namespace that a process creates for itself is noticed when it executes a program or forks.
            return Open(tree, file, withOptional: false);
        }
    }

    /// <inheritdoc/>
    public bool TryFindProcess(int processId, out ulong cgroup)
    {
        cgroup = 0;
        if (!TryLease(_processes))
        {
            return false;
        }

        var entry = ((Process*)_processes.Address)[(uint)processId & (Processes - 1)];
        _processes.DangerousRelease();
        cgroup = entry.Cgroup;
        return (entry.Cgroup ^ entry.Check) == (uint)processId * ProcessFactor;
    }

    /// <inheritdoc/>
    public bool TryFindMountNamespace(ulong inode, out RecordedNamespace recorded)
    {
        recorded = default;
        if (!TryLease(_namespaces))
        {
            return false;
        }

        var index = (uint)inode & (Namespaces - 1);
        var found = Matches(((Namespace*)_namespaces.Address)[index], inode, out recorded) || Matches(((Namespace*)_namespaces.Address)[index ^ 1], inode, out recorded);
        _namespaces.DangerousRelease();
        return found;
    }

    /// <inheritdoc/>
    public bool Drain(IRecorderSink sink)
    {
        try
        {
            var records = new Sink(sink);
            _ring.Drain(ref records);
            using var lease = new Lease(_globals);
            var lost = Volatile.Read(ref *(ulong*)(_globals.Address + _lostOffset));
            var complete = lost == _lost;
            _lost = lost;
            return complete;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public RecorderListing List()
    {
        var namespaces = new List<(ulong, ulong)>();
        using var lease = new Lease(_namespaces);
        foreach (var entry in new ReadOnlySpan<Namespace>((void*)_namespaces.Address, Namespaces))
        {
            // The check is the product of the inode number and an odd factor, so the inverse gives the number.
            var inode = (entry.Cgroup ^ entry.Check ^ entry.Generation * GenerationFactor) * s_inverse;
            if (entry.Check != 0 && inode <= uint.MaxValue)
            {
                namespaces.Add((inode, entry.Cgroup));
            }
        }

        return new RecorderListing([.. _tree.Hierarchies.SelectMany(hierarchy => hierarchy.Walk())], namespaces);
    }

    /// <inheritdoc/>
    public void Wait(int milliseconds)
    {
        _waiter.Wait(milliseconds);
        _waiter.Reset();
    }

    /// <inheritdoc/>
    public void Wake() => _waiter.Wake();

    /// <inheritdoc/>
    public void Dispose()
    {
        _session.Dispose();
        _ring?.Dispose();
        _processes?.Dispose();
        _namespaces?.Dispose();
        _globals?.Dispose();
        _waiter.Dispose();
    }

    // The inverse of NamespaceFactor modulo 2^64, by Newton's method.
    private static readonly ulong s_inverse = Enumerable.Range(0, 6).Aggregate(NamespaceFactor, (inverse, _) => inverse * (2 - NamespaceFactor * inverse));

    private static bool Matches(in Namespace entry, ulong inode, out RecordedNamespace recorded)
    {
        var copy = entry;
        recorded = new RecordedNamespace(copy.Cgroup, copy.Generation);
        return (copy.Cgroup ^ copy.Check) == (inode * NamespaceFactor ^ copy.Generation * GenerationFactor);
    }

    private static BpfRecorder Open(CgroupTree tree, ObjectFile file, bool withOptional)
    {
        var session = BpfSession.Load(file, new BpfSessionOptions
        {
            Parameters = { ["controller"] = Array.IndexOf(s_controllers, tree.ControllerName ?? ""), ["hierarchy"] = tree.Controller?.Number ?? 0 },
            Load = { [OptionalProgram] = withOptional },
        });
        return new BpfRecorder(tree, session);
    }

    private static MappedPages Pages(BpfMap map, int size) => MappedPages.TryMap(map.Fd, (nuint)size, 0, writable: false) is { } pages ? pages
        : throw new BpfLoadException(LoadFault.Other, $"Map '{map.Name}' cannot be mapped: {Libc.Describe(Marshal.GetLastPInvokeError())}.") { Errno = Marshal.GetLastPInvokeError() };

    private static bool TryLease(MappedPages pages)
    {
        var taken = false;
        try
        {
            pages.DangerousAddRef(ref taken);
        }
        catch (ObjectDisposedException)
        {
            // The directory was disposed while a reader went on.
        }

        return taken;
    }

    private void RunIterator()
    {
        using var iterator = IteratorLinks.Open(_session.Program("bee_tasks"));
        byte unused;
        while (Libc.read(iterator, &unused, 1) < 0 && Marshal.GetLastPInvokeError() is Libc.EAGAIN or Libc.EINTR)
        {
        }
    }

    // Passes on records, which are a struct change and, of a new cgroup, its path.
    private readonly struct Sink(IRecorderSink sink) : IRecordSink
    {
        private const uint Created = 1, Removed = 2, MountNamespace = 3;

        public bool Record(ReadOnlySpan<byte> record)
        {
            var change = MemoryMarshal.Read<Change>(record);
            switch (change.Kind)
            {
                case Created:
                    var path = record[sizeof(Change)..];
                    var end = path.IndexOf((byte)0);
                    sink.CgroupCreated(new Cgroup(change.Cgroup, Encoding.UTF8.GetString(end < 0 ? path : path[..end]), change.User));
                    break;
                case Removed:
                    sink.CgroupRemoved(change.Cgroup);
                    break;
                case MountNamespace:
                    sink.MountNamespaceSeen(change.Inode, change.Cgroup);
                    break;
                default:
                    break;
            }

            return true;
        }
    }

    private readonly record struct Process(ulong Cgroup, ulong Check);

    private readonly record struct Namespace(ulong Cgroup, ulong Check, ulong Generation, ulong Owner);

    private readonly record struct Change(uint Kind, uint User, ulong Cgroup, ulong Inode);
}
