using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Maps;

/// <summary>A map in the kernel: one of a loaded session, or one inside a map of maps.</summary>
[SupportedOSPlatform("linux")]
public sealed class BpfMap
{
    private readonly SafeHandle _owner;
    private readonly int _fd;
    private EntryType? _entryType;
    private EntryEncoder? _encoder;
    private MapWriter? _writer;

    /// <param name="owner">Keeps the fd open. The map cannot be used after the handle is closed.</param>
    /// <param name="fd">The fd of the map.</param>
    /// <param name="description">The description of the map.</param>
    internal BpfMap(SafeHandle owner, int fd, MapDescription description)
    {
        _owner = owner;
        _fd = fd;
        Description = description;
        Id = KernelIds.Of(fd);
        Buffer = new BufferSlot(description.Name);
    }

    /// <summary>The map as the object declares it.</summary>
    public MapDescription Description { get; }

    /// <summary>The full name in the object. The kernel truncates names to 15 characters.</summary>
    public string Name => Description.Name;

    /// <summary>The kernel's id of the map.</summary>
    public int Id { get; }

    /// <summary>Whether <see cref="Entries"/> can read the map.</summary>
    public bool CanRead => WhyUnreadable is null;

    /// <summary>The reason why the entries cannot be read, as a sentence; null if they can.</summary>
    public string? WhyUnreadable => MapAccess.WhyUnreadable(Description.Type);

    /// <summary>The type of the entries; null if <see cref="CanRead"/> is false.</summary>
    internal EntryType? EntryType => CanRead ? _entryType ??= MakeEntryType() : null;

    /// <summary>The object that declares the map; null for a map that was opened without one.</summary>
    internal ObjectFile? File { get; init; }

    /// <summary>The map of maps that contains this map; null for none.</summary>
    internal MapDescription? Outer { get; init; }

    /// <summary>The handle that keeps the fd open.</summary>
    internal SafeHandle Owner => _owner;

    internal int Fd => _fd;

    /// <summary>The open buffer of a ring buffer or perf event array.</summary>
    internal BufferSlot Buffer { get; }

    /// <summary>Whether a reader can poll the map.</summary>
    internal bool CanPoll => MapAccess.CanPoll(Description.Type);

    /// <summary>The stack maps that stack ids in this map refer to; null if the session has none.</summary>
    internal StackSource? Stacks { get; set; }

    /// <summary>Finds the containers of entries that say where they happened; null for entries without names of containers.</summary>
    internal IContainerResolver? Containers { get; private set; }

    /// <summary>The properties of entries in addition to those of their C types.</summary>
    internal RecordExtras Extras { get; private set; }

    /// <summary>Selects the entries that become metrics by their container; null for all.</summary>
    internal Func<ContainerNames?, bool>? ContainerFilter { get; private set; }

    /// <summary>Adds names of containers to the entries that are read from now on.</summary>
    internal void NameContainers(IContainerResolver containers, RecordExtras extras, Func<ContainerNames?, bool>? filter)
    {
        (Containers, Extras, ContainerFilter) = (containers, extras, filter);
        _entryType = null;
    }

    /// <summary>
    /// Reads all entries; in an array, every slot. Programs go on writing meanwhile: an entry that is added or removed during the read may be in the result or not. From a queue or stack, returns
    /// only the next entry and does not remove it (<see cref="Take"/> does).
    /// </summary>
    /// <exception cref="NotSupportedException">Maps of this type have no readable entries (<see cref="CanRead"/>).</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map.</exception>
    [RequiresDynamicCode(DynamicCode.Reason)]
    public IEnumerable<MapEntry> Entries()
    {
        var type = EntryType ?? throw new NotSupportedException($"Map '{Name}' is of type {Description.Type}, whose entries cannot be read. {WhyUnreadable}");
        return MapAccess.IsKeyless(Description.Type) ? ReadNext(type) : Read(type);
    }

    /// <summary>Returns the number of entries: the length of an array, else counted by reading. Null for a map that cannot be read, and for queues and stacks.</summary>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map.</exception>
    public long? Count()
    {
        if (!CanRead || MapAccess.IsKeyless(Description.Type))
        {
            return null;
        }

        if (Description.Type is MapType.Array or MapType.PerCpuArray)
        {
            return Description.MaxEntries;
        }

        long count = 0;
        for (var scan = Scan(); scan.Next();)
        {
            count += scan.Count;
        }

        return count;
    }

    /// <summary>Reads one entry.</summary>
    /// <param name="key">The key: a number, text, or a dictionary by field name.</param>
    /// <returns>The entry; null if the map does not have the key.</returns>
    /// <exception cref="BpfMapException">The key does not fit.</exception>
    /// <exception cref="NotSupportedException">Maps of this type have no readable entries (<see cref="CanRead"/>).</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map.</exception>
    [RequiresDynamicCode(DynamicCode.Reason)]
    public MapEntry? Find(object? key)
    {
        var type = EntryType ?? throw new NotSupportedException($"Map '{Name}' is of type {Description.Type}, whose entries cannot be read. {WhyUnreadable}");
        var bytes = (_encoder ??= new EntryEncoder(Description)).Key(key);
        var value = new byte[Description.ValueStride];
        return TryRead(bytes, value) ? Decode(type, bytes, value) : null;
    }

    /// <summary>Creates or changes an entry; appends a value to a queue or stack, and adds one to a Bloom filter.</summary>
    /// <param name="key">The key: a number, text, or a dictionary by field name; null for maps without keys.</param>
    /// <param name="value">The value, likewise. Fields that a dictionary does not name keep their value, or are 0. In a per-CPU map the first CPU gets the value, and the others 0.</param>
    /// <param name="mode">Whether the key may or must exist.</param>
    /// <exception cref="BpfMapException">The key or value does not fit, the entries cannot be set, or the kernel refuses.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public void Update(object? key, object? value, MapWriteMode mode = MapWriteMode.Any)
    {
        var writer = _writer ??= new MapWriter(this);
        Write(writer.Encode(key, value), mode);
    }

    /// <summary>Removes an entry.</summary>
    /// <param name="key">The key: a number, text, or a dictionary by field name.</param>
    /// <returns>False if the map does not have the key.</returns>
    /// <exception cref="BpfMapException">The key does not fit, the entries cannot be removed, or the kernel refuses.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public bool Delete(object? key)
    {
        RequireRemovable();
        return MapCalls.TryDelete(this, (_encoder ??= new EntryEncoder(Description)).Key(key));
    }

    /// <summary>Removes values from a queue or stack, the next one first.</summary>
    /// <param name="most">The largest number of values to remove.</param>
    /// <returns>The values as entries. Each is removed when it is enumerated.</returns>
    /// <exception cref="BpfMapException">The map is neither a queue nor a stack, or the kernel refuses.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    [RequiresDynamicCode(DynamicCode.Reason)]
    public IEnumerable<MapEntry> Take(long most = long.MaxValue) => (_writer ??= new MapWriter(this)).Take(most);

    /// <summary>Writes an entry that is encoded.</summary>
    /// <exception cref="BpfMapException">The map is read-only, or the kernel refuses the entry.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    internal void Write(EncodedEntry entry, MapWriteMode mode)
    {
        RequireSettable();
        if (Description.IsInternal)
        {
            if (mode == MapWriteMode.OnlyNew)
            {
                throw new BpfMapException(MapFault.Exists, Name, $"The entry cannot be set: '{Name}' is a global variable or a section of them, whose entries always exist.");
            }

            GlobalMemory.Write(this, entry);
            return;
        }

        using var reference = MapReference.For(this, entry.Value);
        MapCalls.Update(this, entry.Key, reference?.Value ?? entry.Value, mode);
    }

    /// <summary>Throws if entries of this kind of map cannot be set, or the map holds constants of the program.</summary>
    internal void RequireSettable()
    {
        if (Description.IsReadOnlyData)
        {
            var parameters = Description.Variables.Where(placed => ParameterReader.IsVolatile(placed.Variable.Type)).Select(placed => placed.Variable.Name).ToList();
            throw new BpfMapException(
                MapFault.ReadOnly, Name, $"The entry cannot be set: map '{Name}' holds the program's constants, which are fixed once it is loaded.",
                parameters.Count > 0 ? $"Parameters are set before it is loaded; they are {string.Join(", ", parameters)}." : "");
        }

        if (MapAccess.WhyUnwritable(Description.Type) is { } why)
        {
            throw new BpfMapException(MapFault.Unsupported, Name, $"Entries of map '{Name}' ({Description.Type}) cannot be set. {why}");
        }
    }

    /// <summary>Throws if entries of this kind of map cannot be removed.</summary>
    internal void RequireRemovable()
    {
        if (MapAccess.WhyPermanent(Description.Type) is { } why)
        {
            throw new BpfMapException(MapFault.Unsupported, Name, $"Entries of map '{Name}' ({Description.Type}) cannot be removed. {why}");
        }
    }

    /// <summary>Returns the current inner maps of an array or hash of maps, named by the outer map, a slash and the key; none for other maps.</summary>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map, or opening the inner maps, which requires CAP_SYS_ADMIN.</exception>
    public IEnumerable<BpfMap> InnerMaps() => Bee.Ebpf.Maps.InnerMaps.Of(this);

    private EntryType MakeEntryType()
    {
        var type = EntryType.ForMap(Description, Extras);
        if (File is not null)
        {
            // Lets entries be packed by their type alone.
            RecordOrigin.Note(File, Description, Outer, type);
        }

        return type;
    }

    internal MapScan Scan() => new(_owner, _fd, Description);

    /// <summary>Decodes an entry, and resolves its stack ids and its container.</summary>
    internal MapEntry Decode(EntryType type, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var entry = type.Decode(key, value);
        if (type.HasContainer)
        {
            entry.Place(Containers?.Find(type.Where!.Read(key, value)));
        }

        if (type.Stacks is { } fields)
        {
            Stacks?.Resolve(fields, entry, key, value);
        }

        return entry;
    }

    /// <summary>Reads one value.</summary>
    /// <param name="key">The key; empty for a map without keys, whose next value is read and not removed.</param>
    /// <param name="value">Receives the value; in a per-CPU map, the values of all CPUs.</param>
    /// <returns>False if there is no such entry.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map.</exception>
    internal unsafe bool TryRead(ReadOnlySpan<byte> key, Span<byte> value)
    {
        using var hold = new Lease(_owner, typeof(BpfMap));
        if (Description.Place is { } place)
        {
            var index = MemoryMarshal.Read<uint>(key);
            if (index < Description.MaxEntries)
            {
                GlobalMemory.Read(_fd, place with { Offset = place.Offset + (int)index * value.Length }, value);
            }

            return index < Description.MaxEntries;
        }

        fixed (byte* keyStart = key, valueStart = value)
        {
            var result = LibbpfCalls.bpf_map_lookup_elem(_fd, key.IsEmpty ? null : keyStart, valueStart);
            return result switch
            {
                0 => true,
                -Libc.ENOENT => false,
                _ => throw MapScan.Failed(-result),
            };
        }
    }

    private IEnumerable<MapEntry> ReadNext(EntryType type)
    {
        var value = new byte[Description.ValueStride];
        if (TryRead([], value))
        {
            yield return Decode(type, [], value);
        }
    }

    private IEnumerable<MapEntry> Read(EntryType type)
    {
        for (var scan = Scan(); scan.Next();)
        {
            for (var i = 0; i < scan.Count; i++)
            {
                yield return Decode(type, scan.Key(i), scan.Value(i));
            }
        }
    }
}

/// <summary>Whether the key of an entry that is written may or must exist.</summary>
public enum MapWriteMode
{
    /// <summary>The entry is created or overwritten (BPF_ANY).</summary>
    Any,

    /// <summary>The key must not exist (BPF_NOEXIST).</summary>
    OnlyNew,

    /// <summary>The key must exist (BPF_EXIST). A queue or stack that is full drops its oldest value.</summary>
    OnlyExisting,
}

/// <summary>Opens the inner maps of an array or hash of maps.</summary>
internal static class InnerMaps
{
    /// <summary>Opens all inner maps, named by the outer map, a slash and the key. Each stays open until it is no longer referenced.</summary>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the outer map.</exception>
    public static IEnumerable<BpfMap> Of(BpfMap outer)
    {
        if (outer.Description is not { Type: MapType.ArrayOfMaps or MapType.HashOfMaps })
        {
            yield break;
        }

        foreach (var entry in outer.Entries())
        {
            var id = BitConverter.ToUInt32(entry.RawValue);
            var fd = LibbpfCalls.bpf_map_get_fd_by_id(id);
            if (fd >= 0)
            {
                var handle = new FdHandle(fd);
                var key = entry.GetType().GetProperty("Key")!.GetValue(entry);
                var name = TerminalText.Clean($"{outer.Name}/{(key is IFormattable number ? number.ToString(null, System.Globalization.CultureInfo.InvariantCulture) : key)}");
                var inner = new BpfMap(handle, fd, Describe(outer.Description, fd, name)) { Stacks = outer.Stacks, File = outer.File, Outer = outer.Description };
                if (outer.Containers is { } containers)
                {
                    inner.NameContainers(containers, outer.Extras, outer.ContainerFilter);
                }

                yield return inner;
            }
            else if (fd != -Libc.ENOENT)
            {
                throw MapScan.Failed(-fd);
            }
        }
    }

    // Uses the declaration if there is one. The kernel always reports sizes, and inner maps may differ in length.
    private static MapDescription Describe(MapDescription outer, int fd, string name)
    {
        var inner = outer.Inner;
        var facts = KernelObject.FactsOfMap(fd) ?? throw MapScan.Failed(Libc.EINVAL);
        var declared = inner is not null && inner.KeySize == facts.KeySize && inner.ValueSize == facts.ValueSize;
        return new MapDescription
        {
            Name = name,
            Type = facts.Type,
            KeySize = facts.KeySize,
            ValueSize = facts.ValueSize,
            MaxEntries = facts.MaxEntries,
            Flags = inner?.Flags ?? 0,
            Key = declared ? inner!.Key : null,
            Value = declared ? inner!.Value : null,
        };
    }
}
