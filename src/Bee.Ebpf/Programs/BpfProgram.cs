using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Programs;

/// <summary>A program of a loaded session.</summary>
[SupportedOSPlatform("linux")]
public sealed class BpfProgram
{
    private readonly SafeHandle _owner;

    /// <summary>A program that libbpf has loaded.</summary>
    internal BpfProgram(SafeHandle owner, nint pointer, ProgramDescription description)
    {
        _owner = owner;
        Pointer = pointer;
        Description = description;
        Fd = LibbpfCalls.bpf_program__fd(pointer);
        Id = Fd >= 0 ? KernelIds.Of(Fd) : 0;
        IteratorLink = -1;
    }

    /// <summary>A program that was loaded before.</summary>
    /// <param name="owner">Keeps the fds open.</param>
    /// <param name="description">The program.</param>
    /// <param name="id">The kernel's id of it.</param>
    /// <param name="links">The kernel's ids of its links.</param>
    /// <param name="fd">The program, for one that runs on request; else -1, so that nobody keeps it loaded by looking at it.</param>
    /// <param name="iteratorLink">The link, for an iterator; else -1.</param>
    internal BpfProgram(SafeHandle owner, ProgramDescription description, int id, IReadOnlyList<int> links, int fd, int iteratorLink)
    {
        _owner = owner;
        IteratorLink = iteratorLink;
        Description = description;
        Fd = fd;
        Id = id;
        LinkIds = links;
    }

    /// <summary>The program as the object file describes it.</summary>
    public ProgramDescription Description { get; }

    /// <summary>The name in the object file; the kernel cuts names at 15 characters, this one is whole.</summary>
    public string Name => Description.Name;

    /// <summary>The program's type.</summary>
    public ProgramType Type => Description.Type;

    /// <summary>The name of its ELF section, as in <c>tracepoint/syscalls/sys_enter_openat</c>.</summary>
    public string SectionName => Description.SectionName;

    /// <summary>The kernel's id of the program; 0 for one that is not loaded: an optional program (<c>SEC("?…")</c>), or one that is left out.</summary>
    public int Id { get; }

    /// <summary>The kernel's ids of the links that hold it attached; empty before <c>BpfSession.Attach</c>, and where the kernel has no link object.</summary>
    public IReadOnlyList<int> LinkIds { get; private set; } = [];

    /// <summary>libbpf's <c>bpf_program</c>; valid while the owner is open, and zero for a program that was loaded before.</summary>
    internal nint Pointer { get; }

    internal int Fd { get; }

    /// <summary>The map that the program attaches to or goes over; null where its target is not a map.</summary>
    internal BpfMap? TargetMap { get; init; }

    /// <summary>The fd of the link of a pinned iterator; -1 otherwise.</summary>
    internal int IteratorLink { get; }

    internal bool IsLoaded => Id != 0;

    /// <summary>Runs the program once in the kernel, for program types that can be (<c>syscall</c> and others).</summary>
    /// <param name="context">The program's context, written back after the run where its type does that; may be empty.</param>
    /// <returns>What the program returned.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    /// <exception cref="BpfTestException">The kernel refused, or does not run programs of this kind so.</exception>
    public int Run(Span<byte> context)
    {
        var result = TestRun(new TestRunOptions { Context = context.ToArray() });
        result.Context.AsSpan(0, Math.Min(result.Context.Length, context.Length)).CopyTo(context);
        return result.ReturnValue;
    }

    /// <summary>Runs the program in the kernel on given input (<c>BPF_PROG_TEST_RUN</c>). Nothing need be attached.</summary>
    /// <param name="options">The input.</param>
    /// <returns>What the program returned and changed.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    /// <exception cref="BpfTestException">The kernel refused, or does not run programs of this kind so.</exception>
    public TestRunResult TestRun(TestRunOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var hold = new Lease(_owner);
        return ProgramRun.Run(this, options);
    }

    /// <summary>Reads what the kernel has counted of the program's runs. They count only while a <see cref="StatisticsLease"/> or the sysctl has statistics on.</summary>
    /// <returns>The counts since the program was loaded; null if the kernel has unloaded it, does not tell, or the program is not loaded.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    public ProgramStatistics? ReadStatistics()
    {
        using var hold = new Lease(_owner);
        return (Fd >= 0 ? ProgramInfo.Read(Fd) : IsLoaded ? ProgramInfo.OfId(Id) : null) is { } info ? ProgramStatistics.Of(info) : null;
    }

    internal void AddLink(ILink link)
    {
        if (link.LinkFd is >= 0 and var fd && KernelIds.Of(fd) is not 0 and var id)
        {
            // A new list each time: another thread may be reading the old one.
            LinkIds = [.. LinkIds, id];
        }
    }

    internal void ForgetLinks() => LinkIds = [];
}

/// <summary>An object in the kernel: its description, its maps and its programs.</summary>
/// <param name="File">The object.</param>
/// <param name="Maps">Its maps, in the object's order.</param>
/// <param name="Programs">Its programs, in the object's order.</param>
internal sealed record LoadedObject(ObjectFile File, IReadOnlyList<BpfMap> Maps, IReadOnlyList<BpfProgram> Programs);
