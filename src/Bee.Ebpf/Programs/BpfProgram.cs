using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Programs;

/// <summary>A program of a session.</summary>
[SupportedOSPlatform("linux")]
public sealed class BpfProgram
{
    private readonly SafeHandle _owner;
    // A new list for each change: another thread may be reading the old one.
    private IReadOnlyList<int> _linkIds = [];

    /// <summary>Creates a program that libbpf has loaded.</summary>
    internal BpfProgram(SafeHandle owner, nint pointer, ProgramDescription description)
    {
        _owner = owner;
        Pointer = pointer;
        Description = description;
        Fd = LibbpfCalls.bpf_program__fd(pointer);
        Id = Fd >= 0 ? KernelIds.Of(Fd) : 0;
        IteratorLink = -1;
    }

    /// <summary>Creates a program of a session that is pinned.</summary>
    /// <param name="owner">Keeps the fds open.</param>
    /// <param name="description">The program.</param>
    /// <param name="id">The kernel's id of the program.</param>
    /// <param name="links">The kernel's ids of its links.</param>
    /// <param name="fd">The fd of a program that runs on request; otherwise -1, so that this process does not keep the program loaded.</param>
    /// <param name="iteratorLink">The fd of an iterator's link; otherwise -1.</param>
    internal BpfProgram(SafeHandle owner, ProgramDescription description, int id, IReadOnlyList<int> links, int fd, int iteratorLink)
    {
        _owner = owner;
        IteratorLink = iteratorLink;
        Description = description;
        Fd = fd;
        Id = id;
        _linkIds = links;
    }

    /// <summary>The program as the object declares it.</summary>
    public ProgramDescription Description { get; private set; }

    /// <summary>The name of the C function. The kernel keeps only its first 15 characters.</summary>
    public string Name => Description.Name;

    /// <summary>The program's type.</summary>
    public ProgramType Type => Description.Type;

    /// <summary>The name of its ELF section, as in <c>tracepoint/syscalls/sys_enter_openat</c>.</summary>
    public string SectionName => Description.SectionName;

    /// <summary>The kernel's id of the program; 0 if it is not loaded, because it is optional (<c>SEC("?…")</c>) or left out.</summary>
    public int Id { get; }

    /// <summary>The kernel's ids of the links that hold the program attached; empty if it is not attached, or if the kernel has no link object for its kind.</summary>
    public IReadOnlyList<int> LinkIds => Volatile.Read(ref _linkIds);

    /// <summary>libbpf's <c>bpf_program</c>, valid while the owner is open; zero in a session that is opened from pins.</summary>
    internal nint Pointer { get; }

    internal int Fd { get; }

    /// <summary>The map that the program attaches to or iterates over; null if its target is not a map.</summary>
    internal BpfMap? TargetMap { get; set; }

    /// <summary>The fd of a pinned iterator's link; otherwise -1.</summary>
    internal int IteratorLink { get; }

    internal bool IsLoaded => Id != 0;

    /// <summary>True if the program is loaded to be attached to many functions by one link.</summary>
    internal bool IsMulti { get; init; }

    /// <summary>Attaches the program to a target, or with null to the target that the session has for it; null if programs of the session cannot be attached.</summary>
    internal Func<BpfProgram, string?, BpfLink>? Attacher { get; init; }

    /// <summary>Attaches the program to the targets that its section or the session's options name.</summary>
    /// <returns>The link. Disposing it, or the session, detaches the program.</returns>
    /// <exception cref="BpfLoadException">The program cannot be attached.</exception>
    /// <exception cref="InvalidOperationException">
    /// The program is not loaded, is an iterator or runs on request only, or its session was opened from pins or loaded for test runs.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public BpfLink Attach() => (Attacher ?? throw NotAttachable())(this, null);

    /// <summary>Attaches the program to a target other than the one that its section names.</summary>
    /// <param name="target">The target as a section would name it: <c>syscalls/sys_enter_openat</c>, <c>/usr/bin/bash:readline</c>, a network interface, a control group.</param>
    /// <returns>The link. Disposing it, or the session, detaches the program.</returns>
    /// <exception cref="BpfLoadException">The program cannot be attached, or the target does not exist.</exception>
    /// <exception cref="InvalidOperationException">
    /// As for <see cref="Attach()"/>; or the kernel bound the program to its target when it was loaded (fentry, fexit, lsm, tp_btf), so only <c>BpfSessionOptions.AttachTo</c> can change it.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public BpfLink Attach(string target)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(target);
        return (Attacher ?? throw NotAttachable())(this, target);
    }

    /// <summary>Runs the program in the kernel on test input (<c>BPF_PROG_TEST_RUN</c>). The program need not be attached.</summary>
    /// <param name="options">The input; null for one run without packet and context.</param>
    /// <returns>The program's return value, and the packet and the context after the run.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfTestException">The kernel does not test programs of this kind, or rejects the input.</exception>
    public TestRunResult TestRun(TestRunOptions? options = null)
    {
        using var lease = new Lease(_owner, typeof(BpfProgram));
        return ProgramRun.Run(this, options ?? new TestRunOptions());
    }

    /// <summary>Reads the kernel's counters of the program's runs. The kernel counts only while a <see cref="StatisticsLease"/> or the sysctl has statistics on.</summary>
    /// <returns>The counters since the program was loaded; null if the program is not loaded, or this process may not read them.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public ProgramStatistics? ReadStatistics()
    {
        using var lease = new Lease(_owner, typeof(BpfProgram));
        return (Fd >= 0 ? ProgramInfo.Read(Fd) : IsLoaded ? ProgramInfo.OfId(Id) : null) is { } info ? ProgramStatistics.Of(info) : null;
    }

    /// <summary>Returns a view of this program with another target.</summary>
    /// <param name="description">The description with the target.</param>
    /// <param name="targetMap">The map that the target names; null if it does not name a map.</param>
    internal BpfProgram With(ProgramDescription description, BpfMap? targetMap)
    {
        var copy = (BpfProgram)MemberwiseClone();
        copy.Description = description;
        copy.TargetMap = targetMap;
        return copy;
    }

    internal void Add(BpfLink link)
    {
        lock (_owner)
        {
            _linkIds = [.. _linkIds, .. link.Ids];
        }
    }

    internal void Remove(BpfLink link)
    {
        lock (_owner)
        {
            _linkIds = [.. _linkIds.Except(link.Ids)];
        }
    }

    private InvalidOperationException NotAttachable() => new($"Program '{Name}' cannot be attached: its session was opened from pins, or loaded for test runs. Load the object again with BpfSession.Load to attach it.");
}

/// <summary>A loaded object with its maps and programs.</summary>
/// <param name="File">The object.</param>
/// <param name="Maps">Its maps, in the object's order.</param>
/// <param name="Programs">Its programs, in the object's order.</param>
internal sealed record LoadedObject(ObjectFile File, IReadOnlyList<BpfMap> Maps, IReadOnlyList<BpfProgram> Programs);
