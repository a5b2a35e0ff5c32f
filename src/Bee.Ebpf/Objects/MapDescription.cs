using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>A map as an object declares it.</summary>
public sealed class MapDescription
{
    /// <summary>BPF_F_STACK_BUILD_ID.</summary>
    internal const uint StackBuildId = 1 << 5;

    /// <summary>The map of bee.h that counts lost events.</summary>
    internal const string LostMap = "bee_lost";

    private MapRole _role;
    private BtfType? _value;
    private uint _valueSize;
    private uint _maxEntries;

    internal MapDescription()
    {
    }

    /// <summary>The full name, from the file; the kernel truncates it to 15 characters. Internal maps have the name of their section.</summary>
    public required string Name { get; init; }

    /// <summary>The type of the map.</summary>
    public MapType Type { get; internal init; }

    /// <summary>The size of a key in bytes; 0 for maps without keys (rings, queues, stacks, Bloom filters).</summary>
    public uint KeySize { get; internal init; }

    /// <summary>The size of a value on one CPU in bytes, as declared. For rings and perf buffers, it is the size of an event.</summary>
    public uint ValueSize
    {
        get => _valueSize;
        internal init => _valueSize = value;
    }

    /// <summary>The maximum number of entries, or the size in bytes for rings; 0 if the loader decides (perf event arrays: one per CPU).</summary>
    public uint MaxEntries
    {
        get => _maxEntries;
        internal init => _maxEntries = value;
    }

    /// <summary>The BPF_F_* flags of the declaration.</summary>
    public uint Flags { get; internal init; }

    /// <summary>The type of a key, or null if the declaration has only a size.</summary>
    internal BtfType? Key { get; init; }

    /// <summary>The type of a value (of an event, for rings and perf buffers), or null if the declaration has only a size. For an internal map, the <see cref="BtfDataSection"/> or null.</summary>
    internal BtfType? Value
    {
        get => _value;
        init => _value = value;
    }

    /// <summary>The role of the map: from its metadata, else from the prefix of its name, else from <see cref="DataSource"/>.</summary>
    public MapRole Role
    {
        get => Metadata.Kind ?? _role;
        internal init => _role = value;
    }

    /// <summary>
    /// The name of the data source that Inspektor Gadget's <c>GADGET_TRACER</c> or <c>GADGET_MAPITER</c> declares for the map; otherwise null.
    /// </summary>
    public string? DataSource { get; private set; }

    /// <summary>The metadata of the map; never null.</summary>
    internal MapMetadata Metadata { get; private set; } = MapMetadata.None;

    /// <summary>
    /// True for the maps that hold global variables (.rodata, .data, .bss, .kconfig), named after their section, and for single variables of .data and .bss, which are also described as maps: a
    /// variable has one entry, an array one per element.
    /// </summary>
    public bool IsInternal { get; internal init; }

    /// <summary>The variables of a section; empty for other maps.</summary>
    internal IReadOnlyList<PlacedVariable> Variables { get; init; } = [];

    /// <summary>True for a section of global variables with known types, whose one entry has them as fields.</summary>
    public bool HasVariables => Variables.Count > 0;

    /// <summary>The position of a variable that is described as a map; null for other maps.</summary>
    internal GlobalPlace? Place { get; init; }

    /// <summary>Whether programs only read the variables. The kernel rejects all writes after the load.</summary>
    internal bool IsReadOnlyData => IsInternal && (Flags & InternalMaps.ReadOnlyForPrograms) != 0;

    /// <summary>True for maps that libbpf pins by name in the BPF file system (<c>__uint(pinning, LIBBPF_PIN_BY_NAME)</c>).</summary>
    public bool IsPinned { get; internal init; }

    /// <summary>True for maps that deliver events: ring buffers and perf event arrays.</summary>
    public bool IsEventStream => Type is MapType.RingBuffer or MapType.PerfEventArray;

    /// <summary>True for maps with one value per CPU.</summary>
    public bool IsPerCpu => Type is MapType.PerCpuHash or MapType.PerCpuArray or MapType.LruPerCpuHash or MapType.PerCpuCgroupStorage;

    /// <summary>The distance between the values of two CPUs in bytes; for maps with one value, its size.</summary>
    internal int CpuStride => IsPerCpu ? (int)ValueSize + 7 & ~7 : (int)ValueSize;

    /// <summary>The size of a value in system calls, in bytes: for per-CPU maps the values of all CPUs, each rounded up to 8.</summary>
    internal int ValueStride => CpuStride * (IsPerCpu ? Cpus.Possible : 1);

    /// <summary>True for stack maps that store build ids and file offsets instead of addresses (BPF_F_STACK_BUILD_ID).</summary>
    public bool KeepsBuildIds => Type == MapType.StackTrace && (Flags & StackBuildId) != 0;

    /// <summary>Whether bee.h declares the map for itself. It is neither a metric nor a stream, although users can read it.</summary>
    internal bool IsOfHeader => Name is LostMap or TargetFilter.MapName;

    /// <summary>The declaration of the inner maps of an array or hash of maps; otherwise null.</summary>
    public MapDescription? Inner { get; internal init; }

    /// <summary>Returns the name.</summary>
    public override string ToString() => Name;

    /// <summary>Returns a copy that is a data source of Inspektor Gadget's macros.</summary>
    /// <param name="name">The name of the source.</param>
    /// <param name="role">The role, unless the map's name has a prefix.</param>
    /// <param name="value">The type of the values or events.</param>
    internal MapDescription AsSource(string name, MapRole role, BtfType? value)
    {
        var copy = IsEventStream ? AsRecords(value ?? Value) : (MapDescription)MemberwiseClone();
        copy.DataSource = name;
        copy._role = _role == MapRole.None ? role : _role;
        return copy;
    }

    /// <summary>Returns a copy of a buffer with a type of records. The copy streams unless its metadata excludes it.</summary>
    /// <param name="type">The type of the records; null if the object does not contain it.</param>
    internal MapDescription AsRecords(BtfType? type)
    {
        var copy = (MapDescription)MemberwiseClone();
        copy._value = type;
        copy._valueSize = (uint?)type?.Size ?? _valueSize;
        copy._role = _role == MapRole.None ? MapRole.Print : _role;
        return copy;
    }

    /// <summary>Returns a copy with another number of entries.</summary>
    internal MapDescription WithEntries(uint entries)
    {
        var copy = (MapDescription)MemberwiseClone();
        copy._maxEntries = entries;
        return copy;
    }

    /// <summary>Returns a copy with more metadata. It overrides the existing metadata.</summary>
    internal MapDescription WithMetadata(MapMetadata metadata)
    {
        var copy = (MapDescription)MemberwiseClone();
        copy.Metadata = metadata.Over(Metadata);
        // An image's config comes from a registry. Ignore a number that does not fit the map, or that resizes a global variable.
        copy._maxEntries = metadata.Entries is { } entries && MapSizes.WhyNot(this, entries) is null ? entries : _maxEntries;
        return copy;
    }
}
