using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>A map as the object file declares it.</summary>
public sealed class MapDescription
{
    /// <summary>BPF_F_STACK_BUILD_ID.</summary>
    internal const uint StackBuildId = 1 << 5;

    private MapRole _role;
    private BtfType? _value;
    private uint _valueSize;
    private uint _maxEntries;

    internal MapDescription()
    {
    }

    /// <summary>The whole name, from the file; the kernel keeps 15 characters of it. Internal maps are named as their section.</summary>
    public required string Name { get; init; }

    /// <summary>The kind of map.</summary>
    public MapType Type { get; internal init; }

    /// <summary>Bytes of a key; 0 for maps without keys (rings, queues, stacks, Bloom filters).</summary>
    public uint KeySize { get; internal init; }

    /// <summary>Bytes of a value on one CPU, as declared. For rings and perf buffers this is the size of <see cref="Value"/>, and must be made 0 (or the size of an fd) before loading.</summary>
    public uint ValueSize
    {
        get => _valueSize;
        internal init => _valueSize = value;
    }

    /// <summary>How many entries fit, or for rings how many bytes; 0 where the loader decides (perf event arrays: one per CPU).</summary>
    public uint MaxEntries
    {
        get => _maxEntries;
        internal init => _maxEntries = value;
    }

    /// <summary>The BPF_F_* flags of the declaration.</summary>
    public uint Flags { get; internal init; }

    /// <summary>The type of a key, or null when the declaration gives only a size.</summary>
    internal BtfType? Key { get; init; }

    /// <summary>The type of a value (of an event, for rings and perf buffers), or null when the declaration gives only a size. Of an internal map it is the <see cref="BtfDataSection"/>, where there is one.</summary>
    internal BtfType? Value
    {
        get => _value;
        init => _value = value;
    }

    /// <summary>What the map is for: what its author says, else what the prefix of its name says, else what <see cref="DataSource"/> makes it.</summary>
    public MapRole Role
    {
        get => Metadata.Kind ?? _role;
        internal init => _role = value;
    }

    /// <summary>
    /// What the program calls the map's content, where Inspektor Gadget's <c>GADGET_TRACER</c> or <c>GADGET_MAPITER</c> declares it as a source of data; otherwise null.
    /// </summary>
    public string? DataSource { get; private set; }

    /// <summary>What the map's author says about it; never null.</summary>
    internal MapMetadata Metadata { get; private set; } = MapMetadata.None;

    /// <summary>
    /// True for the maps that hold global variables (.rodata, .data, .bss, .kconfig), named as their section, and for single variables of .data and .bss, which are described as maps too: a
    /// variable has one entry, or of an array one for each element.
    /// </summary>
    public bool IsInternal { get; internal init; }

    /// <summary>Of a section of global variables, the variables; of other maps none.</summary>
    internal IReadOnlyList<PlacedVariable> Variables { get; init; } = [];

    /// <summary>True for a section of global variables with known types: its one entry has them as fields.</summary>
    public bool HasVariables => Variables.Count > 0;

    /// <summary>Where the variable is that is described as a map of its own; null for the kernel's maps.</summary>
    internal GlobalPlace? Place { get; init; }

    /// <summary>Whether programs only read the variables: the kernel refuses every write once they are loaded.</summary>
    internal bool IsReadOnlyData => IsInternal && (Flags & InternalMaps.ReadOnlyForPrograms) != 0;

    /// <summary>True for maps that ask to be pinned in the BPF file system under their name (<c>__uint(pinning, LIBBPF_PIN_BY_NAME)</c>).</summary>
    public bool IsPinned { get; internal init; }

    /// <summary>True for maps that events come out of: ring buffers and perf event arrays.</summary>
    public bool IsEventStream => Type is MapType.RingBuffer or MapType.PerfEventArray;

    /// <summary>True for maps with one value for each CPU.</summary>
    public bool IsPerCpu => Type is MapType.PerCpuHash or MapType.PerCpuArray or MapType.LruPerCpuHash or MapType.PerCpuCgroupStorage;

    /// <summary>Bytes from one CPU's value to the next; of a map with one value, its size.</summary>
    internal int CpuStride => IsPerCpu ? (int)ValueSize + 7 & ~7 : (int)ValueSize;

    /// <summary>Bytes of a value as the kernel hands it over: of a per-CPU map those of all CPUs, each rounded up to 8.</summary>
    internal int ValueStride => CpuStride * (IsPerCpu ? Cpus.Possible : 1);

    /// <summary>True for stack maps that keep build ids and places in files instead of addresses (BPF_F_STACK_BUILD_ID).</summary>
    public bool KeepsBuildIds => Type == MapType.StackTrace && (Flags & StackBuildId) != 0;

    /// <summary>For an array or hash of maps, what an inner map looks like; otherwise null.</summary>
    public MapDescription? Inner { get; internal init; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>A copy that is a source of data by Inspektor Gadget's macros.</summary>
    /// <param name="name">What the source is called.</param>
    /// <param name="role">What the map is for, unless its name says.</param>
    /// <param name="value">The type of its values or events.</param>
    internal MapDescription AsSource(string name, MapRole role, BtfType? value)
    {
        var copy = IsEventStream ? AsRecords(value ?? Value) : (MapDescription)MemberwiseClone();
        copy.DataSource = name;
        copy._role = _role == MapRole.None ? role : _role;
        return copy;
    }

    /// <summary>A copy of a buffer whose records are known by more than its declaration. It streams unless its author says otherwise.</summary>
    /// <param name="type">The type of the records; null where the object does not have it.</param>
    internal MapDescription AsRecords(BtfType? type)
    {
        var copy = (MapDescription)MemberwiseClone();
        copy._value = type;
        copy._valueSize = (uint?)type?.Size ?? _valueSize;
        copy._role = _role == MapRole.None ? MapRole.Print : _role;
        return copy;
    }

    /// <summary>A copy that has so many entries.</summary>
    internal MapDescription WithEntries(uint entries)
    {
        var copy = (MapDescription)MemberwiseClone();
        copy._maxEntries = entries;
        return copy;
    }

    /// <summary>A copy with what is said now, and before it what was said already where that is silent.</summary>
    internal MapDescription WithMetadata(MapMetadata said)
    {
        var copy = (MapDescription)MemberwiseClone();
        copy.Metadata = said.Over(Metadata);
        // An image's config comes from a registry: a number that does not suit the map, or the size of a global variable, must not count.
        copy._maxEntries = said.Entries is { } entries && MapSizes.WhyNot(this, entries) is null ? entries : _maxEntries;
        return copy;
    }
}
