using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;

namespace Bee.Ebpf;

/// <summary>How an object is loaded and attached. Sessions copy the options, so later changes have no effect on them.</summary>
public sealed class BpfSessionOptions
{
    /// <summary>
    /// Values of parameters (<c>const volatile</c> globals) and other initialized globals, by name. A value is converted to the C type: a number; text that reads as one; a name or number for an enum;
    /// text for a <c>char</c> array; a list for other arrays; a dictionary by field name for a struct. Null keeps the default.
    /// </summary>
    public IDictionary<string, object?> Parameters { get; init; } = new Dictionary<string, object?>();

    /// <summary>The number of entries of maps, by name, overriding the declared numbers. For a ring buffer it is the size in bytes.</summary>
    public IDictionary<string, uint> MapSizes { get; init; } = new Dictionary<string, uint>();

    /// <summary>The inner maps of arrays and hashes of maps whose object does not declare them, by the name of the outer map.</summary>
    public IDictionary<string, InnerMapOptions> InnerMaps { get; init; } = new Dictionary<string, InnerMapOptions>();

    /// <summary>
    /// Attach targets by program name, overriding those of the sections and written like them: <c>syscalls/sys_enter_openat</c> for a tracepoint. The target of a program whose section does not name one is
    /// a network interface (tc also <c>interface/ingress</c> and <c>interface/egress</c>), a control group, a network namespace, or the name of a map.
    /// </summary>
    public IDictionary<string, string> AttachTo { get; init; } = new Dictionary<string, string>();

    /// <summary>Programs, by name, to leave out (false) or to load although their sections make them optional (true). The kernel never sees a program that is left out.</summary>
    public IDictionary<string, bool> Load { get; init; } = new Dictionary<string, bool>();

    /// <summary>
    /// The process that uprobe, uretprobe, usdt and perf_event programs are attached to; null for all processes. Programs of other kinds run for all processes regardless.
    /// Binaries that targets name are then looked up among the files that the process has mapped, and in its root file system.
    /// </summary>
    public int? ProcessId { get; init; }

    /// <summary>
    /// Samples per second and CPU of <c>perf_event</c> programs whose target names neither a frequency nor a period. The default is 99, which avoids lockstep with timers of 100 Hz.
    /// </summary>
    public int? SampleFrequency { get; init; }

    /// <summary>
    /// The network interfaces that xdp, tc and socket programs attach to, by name, with the wildcards <c>*</c> and <c>?</c>. They are looked up in <see cref="NetworkNamespace"/> if that is set.
    /// </summary>
    public IList<string> Interfaces { get; init; } = [];

    /// <summary>
    /// The control group (v2) that cgroup programs attach to: a path, absolute or relative to the mount of cgroup2; a process id, for the group of that process; or the id of a container.
    /// </summary>
    public string? Cgroup { get; init; }

    /// <summary>
    /// The network namespace that sk_lookup programs attach to, and that interfaces are looked up in: a name that <c>ip netns</c> lists, a path, or the id of a process in the namespace.
    /// </summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>
    /// Loads only one of several programs that would count the same event twice (<c>tp_btf</c> and <c>raw_tp</c>, or <c>fentry</c> and <c>kprobe</c>): the one with typed arguments if the kernel
    /// attaches it. Programs in <see cref="Load"/> or <see cref="AttachTo"/> are not affected.
    /// </summary>
    public bool PreferTyped { get; init; }

    /// <summary>Receives libbpf's log, including debug lines, line by line on the calling thread. It must not throw.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Receives a sentence for each attached program that will probably see no events, and if no program is loaded. It runs on the calling thread and must not throw.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Receives a sentence for each program that is left out. It runs on the calling thread and must not throw.</summary>
    public Action<string>? Note { get; init; }

    /// <summary>Makes the relative path of a binary absolute; the arguments are the program's name and the path, which may begin with <c>~</c>. Null resolves paths from the current directory.</summary>
    internal Func<string, string, string>? ResolvePath { get; init; }

    /// <summary>Whether to switch on the object's own filter by containers. The caller fills its map.</summary>
    internal bool OnlyTargets { get; init; }

    internal AttachOptions ForAttach() => new()
    {
        ProcessId = ProcessId,
        SampleFrequency = SampleFrequency,
        Interfaces = [.. Interfaces],
        Cgroup = Cgroup,
        NetworkNamespace = NetworkNamespace,
        AttachTo = new Dictionary<string, string>(AttachTo),
        Load = new Dictionary<string, bool>(Load),
        PreferTyped = PreferTyped,
        ResolvePath = ResolvePath,
        Warn = Warn,
        Note = Note,
        Log = Log,
    };
}

/// <summary>The type and sizes of the maps inside an array or hash of maps. The kernel accepts only inner maps that match.</summary>
/// <param name="Type">The map type.</param>
/// <param name="KeySize">The size of a key, in bytes.</param>
/// <param name="ValueSize">The size of a value, in bytes.</param>
/// <param name="MaxEntries">The number of entries. For a ring buffer, its size in bytes.</param>
/// <param name="Flags">The flags (<c>BPF_F_…</c>), such as <c>BPF_F_INNER_MAP</c> (0x1000) to allow arrays of any length.</param>
public sealed record InnerMapOptions(MapType Type, uint KeySize, uint ValueSize, uint MaxEntries, uint Flags = 0);
