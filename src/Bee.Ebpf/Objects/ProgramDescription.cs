using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>A program as an object declares it.</summary>
public sealed class ProgramDescription
{
    // Iterators over the entries of one map.
    private const string MapElements = "bpf_map_elem", SocketStorage = "bpf_sk_storage_map";

    internal ProgramDescription()
    {
    }

    /// <summary>The name of the C function.</summary>
    public required string Name { get; init; }

    /// <summary>The full name of the section, such as <c>tp/syscalls/sys_enter_openat</c>.</summary>
    public required string SectionName { get; init; }

    /// <summary>The kernel's program type; <see cref="ProgramType.Unspecified"/> if the section's name is unknown.</summary>
    public ProgramType Type { get; internal init; }

    /// <summary>
    /// The attach target in the section's name, after the kind, such as <c>syscalls/sys_enter_openat</c> for a tracepoint,
    /// <c>tcp_v4_connect</c> for a kprobe or <c>task</c> for an iterator. Null if the section names none.
    /// </summary>
    public string? SectionTarget { get; internal init; }

    /// <summary>The attach target: the one in the metadata, else the section's.</summary>
    public string? AttachTo => Metadata.AttachTo ?? SectionTarget;

    /// <summary>The struct that an iterator writes for each kernel object; null if it writes text, and for other programs.</summary>
    internal BtfType? Record { get; private set; }

    /// <summary>The name of the data source that Inspektor Gadget's <c>GADGET_ITER</c> or <c>GADGET_SNAPSHOTTER</c> declares for an iterator; otherwise null.</summary>
    public string? DataSource { get; private set; }

    /// <summary>The metadata of the program; never null.</summary>
    internal ProgramMetadata Metadata { get; private set; } = ProgramMetadata.None;

    /// <summary>A one-sentence description of the program, or null.</summary>
    public string? Description => Metadata.Description;

    /// <summary>
    /// How the program is attached, with one spelling for each way: <c>tracepoint</c> for both tp/ and tracepoint/, <c>raw_tracepoint</c> for
    /// raw_tp/ and raw_tracepoint/; otherwise the section's prefix, such as <c>kprobe</c>, <c>uretprobe</c>, <c>fentry</c>, <c>iter</c>, <c>perf_event</c>, or its
    /// whole name if it has no target: <c>xdp</c>, <c>tc/egress</c>, <c>cgroup/connect4</c>, <c>syscall</c>. Empty if the section's name is unknown.
    /// </summary>
    public string Kind { get; internal init; } = "";

    /// <summary>True for iterators, which the kernel runs for each of its objects when their output is read.</summary>
    public bool IsIterator => Kind == ProgramKinds.Iterator;

    /// <summary>True if the section's kind has the suffix for programs that may sleep (<c>fentry.s</c>, <c>iter.s</c>, <c>uprobe.s</c>, <c>lsm.s</c>).</summary>
    public bool IsSleepable { get; internal init; }

    /// <summary>True if the section's name begins with '?': the program is loaded only on request.</summary>
    public bool IsOptional { get; internal init; }

    /// <summary>
    /// Whether the program is loaded: by its metadata (<c>Load</c>) if set; otherwise true, except for an optional program whose
    /// metadata has no attach target.
    /// </summary>
    public bool AutoLoad => Metadata.Load ?? (!IsOptional || Metadata.AttachTo is not null);

    /// <summary>True if the program is a static function. libbpf gets a copy of the object in which it is global.</summary>
    internal bool IsStatic { get; init; }

    /// <summary>The number of 8-byte instructions.</summary>
    public int InstructionCount { get; internal init; }

    /// <summary>The map types that the program accepts as its target: a socket map, or the map of an iterator over entries. Empty for other programs.</summary>
    internal IReadOnlyList<MapType> TargetMaps => KindRow.Target switch
    {
        AttachTarget.SocketMap => [MapType.SockMap, MapType.SockHash],
        AttachTarget.Iterator when BoundTo == MapElements => [MapType.Hash, MapType.LruHash, MapType.PerCpuHash, MapType.LruPerCpuHash, MapType.Array, MapType.PerCpuArray],
        AttachTarget.Iterator when BoundTo == SocketStorage => [MapType.SocketStorage],
        _ => [],
    };

    /// <summary>The map that the metadata names as target, or null.</summary>
    internal string? TargetMap => TargetMaps.Count > 0 && AttachTo != BoundTo ? AttachTo : null;

    /// <summary>The target to which the kernel binds the program at load: the attach target, except for an iterator over a map, whose attach target names the map.</summary>
    internal string? BoundTo => KindRow.Target switch
    {
        AttachTarget.SocketMap => null,
        AttachTarget.Iterator when SectionTarget is MapElements or SocketStorage => SectionTarget,
        _ => AttachTo,
    };

    /// <summary>The row of the kind in <see cref="ProgramKinds"/>.</summary>
    internal ProgramKind KindRow => ProgramKinds.Spelled(Kind);

    /// <summary>Returns the name.</summary>
    public override string ToString() => Name;

    /// <summary>Returns a copy that writes records.</summary>
    /// <param name="source">The name of the data source in Inspektor Gadget's macros, or null.</param>
    /// <param name="record">The struct of the records.</param>
    internal ProgramDescription AsSource(string? source, BtfType record)
    {
        var copy = (ProgramDescription)MemberwiseClone();
        copy.DataSource = source;
        copy.Record = record;
        return copy;
    }

    /// <summary>Returns a copy with more metadata. It overrides the existing metadata.</summary>
    internal ProgramDescription WithMetadata(ProgramMetadata metadata)
    {
        var copy = (ProgramDescription)MemberwiseClone();
        copy.Metadata = metadata.Over(Metadata);
        return copy;
    }
}
