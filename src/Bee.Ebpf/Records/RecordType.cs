using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Records;

/// <summary>
/// How the records of one C type become objects: a sealed CLR type emitted once in a process for each (name, BTF layout, meanings),
/// and a decoder over bytes. Safe to use from any thread.
/// </summary>
/// <remarks>
/// A struct or union gives a property a field, anonymous members flattened. A type made for a map begins with <c>MapName</c>.
/// Any other type (<c>__type(value, u32)</c>) gives one property <c>Value</c>; no type at all gives <c>Data</c>, the sample's bytes.
/// </remarks>
internal sealed unsafe class RecordType : IRecordShape
{
    // Called through a pointer: no delegate, no reflection, no boxing for an event.
    private readonly delegate*<ref byte, int, BpfEvent> _decode;
    private readonly int _size;
    private readonly bool _isOpen;
    private readonly TypePlan _plan;
    private delegate*<BpfEvent, int, BpfEvent> _truncated;
    private delegate*<BpfEvent, byte[], BpfEvent> _longer;

    private RecordType(TypePlan plan, string name, MapMetadata presentation)
    {
        Name = name;
        Metadata = presentation;
        ClrType = EmittedTypes.Class(plan);
        Fields = RecordFields.Of(plan);
        Stacks = StackFields.Of(plan);
        FieldBytes.Keep(ClrType, Fields);
        _size = plan.InlineSize;
        _isOpen = plan.Decode == DecodeKind.OpenRecord;
        _plan = plan;
        _decode = (delegate*<ref byte, int, BpfEvent>)TypeEmitter.DecodeMethod(ClrType).MethodHandle.GetFunctionPointer();
    }

    /// <inheritdoc/>
    public Type ClrType { get; }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public MapMetadata Metadata { get; }

    /// <summary>How its objects are made.</summary>
    internal TypePlan Plan => _plan;

    /// <summary>Where ids of stacks stand; null where there are none.</summary>
    internal StackFields? Stacks { get; }

    /// <summary>
    /// How many bytes a record must have at least: the size of the C type, or, where it ends in a flexible array, the offset of that, which may be
    /// inside the padding that C's sizeof counts. 0 where the map has no type.
    /// </summary>
    public int Size => _size;

    /// <inheritdoc/>
    public IReadOnlyList<RecordField> Fields { get; }

    /// <summary>The type of the events of a ring or perf buffer, from the BTF type of its value.</summary>
    /// <param name="map">The map; its <see cref="MapDescription.Value"/> may be null.</param>
    /// <returns>The type. Its CLR type is made at the first call and remembered.</returns>
    /// <exception cref="BpfObjectException">The BTF type contradicts itself.</exception>
    public static RecordType ForEvent(MapDescription map)
    {
        ArgumentNullException.ThrowIfNull(map);
        EventClock.Refresh();
        var shape = map.Value is null or BtfVoid ? null : WordsShape.Apply(ShapeReader.Read(map.Value, map.Name), "Value", map.Metadata);
        return new RecordType(RecordPlans.Record(shape, map.Name, withMapName: true), map.Name, map.Metadata);
    }

    /// <summary>The type of records of a given C type, without a map.</summary>
    /// <param name="type">The C type.</param>
    /// <param name="name">What to call it where the C type has no name, and in errors.</param>
    /// <returns>The type. Its CLR type is made at the first call and remembered.</returns>
    /// <exception cref="BpfObjectException">The BTF type contradicts itself.</exception>
    public static RecordType ForStruct(BtfType type, string name)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(name);
        return ForStruct(type, name, MapMetadata.None);
    }

    /// <summary>The same, with what is said of its fields.</summary>
    internal static RecordType ForStruct(BtfType type, string name, MapMetadata said)
    {
        EventClock.Refresh();
        return new RecordType(RecordPlans.Record(WordsShape.Apply(ShapeReader.Read(type, name), "Value", said), name, withMapName: false), name, said);
    }

    /// <summary>The type of records of which nothing is known: their bytes are <c>Data</c>.</summary>
    /// <param name="name">What to call it.</param>
    internal static RecordType ForBytes(string name) => new(RecordPlans.Record(null, name, withMapName: false), name, MapMetadata.None);

    /// <summary>Returns the fields of an emitted type: of events, entries, nested structs; of histograms the labels.</summary>
    /// <param name="typeName">The type's full name.</param>
    /// <returns>The fields in order; null for a type that this process has not emitted.</returns>
    public static IReadOnlyList<RecordField>? FieldsOf(string typeName) => EmittedTypes.Fields(typeName);

    /// <summary>
    /// Begins to make the types of a file's streaming maps on another thread, so that they are there when they are asked for: the first ones of a
    /// process cost some ten milliseconds, which loading the program takes anyway. Nothing need be awaited, and faults come when the type is asked for.
    /// </summary>
    /// <param name="file">The file that is about to be loaded.</param>
    public static void Prepare(ObjectFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        ThreadPool.UnsafeQueueUserWorkItem(static file =>
        {
            foreach (var map in file.Maps.Where(map => map.Role != MapRole.None))
            {
                try
                {
                    if (map.Role == MapRole.Histogram && HistogramType.For(map, out _) is not null)
                    {
                        continue;
                    }

                    _ = map.IsEventStream ? (IRecordShape)ForEvent(map) : EntryType.ForMap(map);
                }
                catch (Exception)
                {
                    // Whoever asks for the type meets the same fault, where it can be told.
                }
            }
        }, file, preferLocal: false);
    }

    /// <summary>Whether bytes beyond <see cref="Size"/> belong to the type: it ends in a flexible array.</summary>
    internal bool IsOpen => _isOpen;

    /// <summary>The object of a record that ends early: a <see cref="TruncatedEvent"/>.</summary>
    /// <param name="whole">The object of the record with zeros behind it.</param>
    /// <param name="length">How many bytes came.</param>
    internal BpfEvent Truncate(BpfEvent whole, int length)
    {
        if (_truncated is null)
        {
            var type = EmittedTypes.Other($"{ShapeKey.Of("truncated", [_plan.Key])}", $"{ClrType.Name}_truncated", (module, name) => CutRecordEmitter.EmitTruncated(module, name, ClrType, Fields));
            _truncated = (delegate*<BpfEvent, int, BpfEvent>)WrapMethod(type);
        }

        return _truncated(whole, length);
    }

    /// <summary>The object of a record that goes on behind its type: of a class that derives from <see cref="ClrType"/>, with the bytes in <see cref="BpfEvent.GetRest"/>.</summary>
    /// <param name="whole">The object of the record.</param>
    /// <param name="rest">The bytes behind.</param>
    internal BpfEvent Extend(BpfEvent whole, ReadOnlySpan<byte> rest)
    {
        if (_longer is null)
        {
            var type = EmittedTypes.Other($"{ShapeKey.Of("longer", [_plan.Key])}", $"{ClrType.Name}_longer", (module, name) => CutRecordEmitter.EmitLonger(module, name, ClrType));
            _longer = (delegate*<BpfEvent, byte[], BpfEvent>)WrapMethod(type);
        }

        return _longer(whole, rest.ToArray());
    }

    private static nint WrapMethod(Type type) => type.GetMethod(CutRecordEmitter.Wrap, System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!.MethodHandle.GetFunctionPointer();

    /// <summary>Makes an object from a record. The bytes are copied. Bytes beyond <see cref="Size"/> are a flexible array's, if there is one, and ignored otherwise.</summary>
    /// <param name="data">The record; no alignment is needed.</param>
    /// <returns>A new object of <see cref="ClrType"/>.</returns>
    /// <exception cref="ShortRecordException">There are fewer bytes than <see cref="Size"/>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public BpfEvent Decode(ReadOnlySpan<byte> data)
    {
        if (data.Length < _size)
        {
            Short(data.Length);
        }

        return _decode(ref MemoryMarshal.GetReference(data), data.Length);
    }

    private void Short(int found) => throw new ShortRecordException(Name, _size, found);
}

/// <summary>What events and entries have in common: an emitted type and its fields. Views are made from it.</summary>
internal interface IRecordShape
{
    /// <summary>The emitted type of the objects.</summary>
    Type ClrType { get; }

    /// <summary>The map's name, or the struct's where there is no map.</summary>
    string Name { get; }

    /// <summary>The properties, in the order in which the emitted type declares them.</summary>
    IReadOnlyList<RecordField> Fields { get; }

    /// <summary>What the map's author says about it and its fields; never null.</summary>
    MapMetadata Metadata => MapMetadata.None;
}

/// <summary>A record has fewer bytes than its type says: the program sent less than the struct it declared.</summary>
public sealed class ShortRecordException : BeeException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="map">The map that the record came from, or the struct's name.</param>
    /// <param name="expected">The bytes that the type needs.</param>
    /// <param name="found">The bytes that there were.</param>
    public ShortRecordException(string map, int expected, int found)
        : base("ShortRecord", $"A record of '{map}' is too short: its type needs {Quantity.Of(expected, "byte")}, {found} came.")
    {
        Map = map;
        Expected = expected;
        Found = found;
    }

    /// <summary>The map that the record came from, or the struct's name.</summary>
    public string Map { get; }

    /// <summary>The bytes that the type needs.</summary>
    public int Expected { get; }

    /// <summary>The bytes that there were.</summary>
    public int Found { get; }
}
