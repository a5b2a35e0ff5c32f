using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>A program as the object file holds it.</summary>
public sealed class ProgramDescription
{
    // Iterators over the entries of one map.
    private const string MapElements = "bpf_map_elem", SocketStorage = "bpf_sk_storage_map";

    internal ProgramDescription()
    {
    }

    /// <summary>The C function's name.</summary>
    public required string Name { get; init; }

    /// <summary>The section's whole name, such as <c>tp/syscalls/sys_enter_openat</c>.</summary>
    public required string SectionName { get; init; }

    /// <summary>The kernel's type for the program; <see cref="ProgramType.Unspecified"/> when the section's name means nothing.</summary>
    public ProgramType Type { get; internal init; }

    /// <summary>
    /// What follows the kind in the section's name: what to attach to, such as <c>syscalls/sys_enter_openat</c> of a tracepoint,
    /// <c>tcp_v4_connect</c> of a kprobe or <c>task</c> of an iterator. Null where the section names nothing.
    /// </summary>
    public string? SectionTarget { get; internal init; }

    /// <summary>What to attach to: what the author says in place of the section's target, else that.</summary>
    public string? AttachTo => Metadata.AttachTo ?? SectionTarget;

    /// <summary>The struct that an iterator writes for each object that it is run over; null where it writes text, and for all other programs.</summary>
    internal BtfType? Record { get; private set; }

    /// <summary>What the program calls what its iterator gives, where Inspektor Gadget's <c>GADGET_ITER</c> or <c>GADGET_SNAPSHOTTER</c> declares it; otherwise null.</summary>
    public string? DataSource { get; private set; }

    /// <summary>What the author says about it; never null.</summary>
    internal ProgramMetadata Metadata { get; private set; } = ProgramMetadata.None;

    /// <summary>One sentence about what the program does, or null.</summary>
    public string? Description => Metadata.Description;

    /// <summary>
    /// How the program is attached, one spelling for each way: <c>tracepoint</c> for both tp/ and tracepoint/, <c>raw_tracepoint</c> for
    /// raw_tp/ and raw_tracepoint/; otherwise the section's prefix, such as <c>kprobe</c>, <c>uretprobe</c>, <c>fentry</c>, <c>iter</c>, <c>perf_event</c>, or all of
    /// it where it names no target: <c>xdp</c>, <c>tc/egress</c>, <c>cgroup/connect4</c>, <c>syscall</c>. Empty when the section's name means nothing.
    /// </summary>
    public string Kind { get; internal init; } = "";

    /// <summary>True for iterators, which the kernel runs over its objects and whose output is read.</summary>
    public bool IsIterator => Kind == ProgramKinds.Iterator;

    /// <summary>True when the section's name ends in the mark for programs that may sleep (<c>fentry.s</c>, <c>iter.s</c>, <c>uprobe.s</c>, <c>lsm.s</c>).</summary>
    public bool IsSleepable { get; internal init; }

    /// <summary>True for programs in a section that begins with '?': they are loaded only when they are named.</summary>
    public bool IsOptional { get; internal init; }

    /// <summary>
    /// Whether the program is loaded: what is said of that (<see cref="ProgramMetadata.Load"/>); otherwise true, but for an optional program of which no
    /// target is said.
    /// </summary>
    public bool AutoLoad => Metadata.Load ?? (!IsOptional || Metadata.AttachTo is not null);

    /// <summary>True for a program that is a static function. libbpf gets a copy of the object in which it is global.</summary>
    internal bool IsStatic { get; init; }

    /// <summary>How many instructions of 8 bytes the function has.</summary>
    public int InstructionCount { get; internal init; }

    /// <summary>The types of maps of which the program takes one as its target: that of a socket map, or of an iterator over a map's entries. Empty for other programs.</summary>
    internal IReadOnlyList<MapType> TargetMaps => KindRow.Target switch
    {
        AttachTarget.SocketMap => [MapType.SockMap, MapType.SockHash],
        AttachTarget.Iterator when BoundTo == MapElements => [MapType.Hash, MapType.LruHash, MapType.PerCpuHash, MapType.LruPerCpuHash, MapType.Array, MapType.PerCpuArray],
        AttachTarget.Iterator when BoundTo == SocketStorage => [MapType.SocketStorage],
        _ => [],
    };

    /// <summary>The map that is said to be the target; null where nothing is said.</summary>
    internal string? TargetMap => TargetMaps.Count > 0 && AttachTo != BoundTo ? AttachTo : null;

    /// <summary>What the kernel binds the program to when it loads it: what it attaches to, but for an iterator over a map, of which a map's name is said.</summary>
    internal string? BoundTo => KindRow.Target switch
    {
        AttachTarget.SocketMap => null,
        AttachTarget.Iterator when SectionTarget is MapElements or SocketStorage => SectionTarget,
        _ => AttachTo,
    };

    /// <summary>What is known of the kind.</summary>
    internal ProgramKind KindRow => ProgramKinds.Spelled(Kind);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>A copy that writes records.</summary>
    /// <param name="source">What Inspektor Gadget's macros call them, or null.</param>
    /// <param name="record">The struct.</param>
    internal ProgramDescription AsSource(string? source, BtfType record)
    {
        var copy = (ProgramDescription)MemberwiseClone();
        copy.DataSource = source;
        copy.Record = record;
        return copy;
    }

    /// <summary>A copy with what is said now, and before it what was said already where that is silent.</summary>
    internal ProgramDescription WithMetadata(ProgramMetadata said)
    {
        var copy = (ProgramDescription)MemberwiseClone();
        copy.Metadata = said.Over(Metadata);
        return copy;
    }
}
