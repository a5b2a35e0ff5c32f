using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Records;

/// <summary>Decodes the records of one C type into objects of a sealed type, which is generated once for each name, BTF layout and set of meanings. Thread-safe.</summary>
/// <remarks>
/// A struct or union has a property for each field; the members of anonymous structs are flattened. The type of a map's events begins with <c>MapName</c>. For another C type
/// (<c>__type(value, u32)</c>) the object has the property <c>Value</c>, and without a type <c>Data</c>, the bytes of the record.
/// </remarks>
internal sealed unsafe class RecordType : IRecordShape
{
    // A function pointer: no delegate, reflection or boxing for an event.
    private readonly delegate*<ref byte, int, BpfEvent> _decode;
    private readonly int _size;
    private readonly bool _isOpen;
    private readonly TypePlan _plan;
    private delegate*<BpfEvent, int, BpfEvent> _truncated;
    private delegate*<BpfEvent, byte[], BpfEvent> _longer;

    private RecordType(TypePlan plan, string name, MapMetadata presentation, RecordExtras extras)
    {
        plan = plan.With(extras);
        Extras = extras;
        Where = ContainerKeyFields.Of(plan);
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

    /// <summary>The plan of the generated type.</summary>
    public TypePlan Plan => _plan;

    /// <inheritdoc/>
    public RecordExtras Extras { get; set; }

    /// <summary>The fields that say where a record happened, or null.</summary>
    public ContainerKeyFields? Where { get; }

    /// <summary>The fields with stack ids, or null.</summary>
    internal StackFields? Stacks { get; }

    /// <summary>
    /// The minimum size of a record in bytes: the size of the C type, or the offset of the flexible array that ends it, which may be inside the padding that sizeof counts. 0 for a map without a type.
    /// </summary>
    public int Size => _size;

    /// <inheritdoc/>
    public IReadOnlyList<RecordField> Fields { get; }

    /// <summary>Returns the type of the events of a ring or perf buffer.</summary>
    /// <param name="map">The map; its <see cref="MapDescription.Value"/> may be null.</param>
    /// <param name="extras">The properties to add.</param>
    /// <returns>The type. Its CLR type is generated once and cached.</returns>
    /// <exception cref="BpfObjectException">The BTF type is inconsistent.</exception>
    public static RecordType ForEvent(MapDescription map, RecordExtras extras = RecordExtras.None)
    {
        ArgumentNullException.ThrowIfNull(map);
        EventClock.Refresh();
        var shape = map.Value is null or BtfVoid ? null : WordsShape.Apply(ShapeReader.Read(map.Value, map.Name), "Value", map.Metadata);
        return new RecordType(RecordPlans.Record(shape, map.Name, withMapName: true), map.Name, map.Metadata, extras);
    }

    /// <summary>Returns the type of records of a C type that does not belong to a map.</summary>
    /// <param name="type">The C type.</param>
    /// <param name="name">The name for a C type without one, and for errors.</param>
    /// <returns>The type. Its CLR type is generated once and cached.</returns>
    /// <exception cref="BpfObjectException">The BTF type is inconsistent.</exception>
    public static RecordType ForStruct(BtfType type, string name)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(name);
        return ForStruct(type, name, MapMetadata.None);
    }

    /// <summary>Returns the type of records of a C type, with metadata.</summary>
    internal static RecordType ForStruct(BtfType type, string name, MapMetadata metadata, RecordExtras extras = RecordExtras.None)
    {
        EventClock.Refresh();
        return new RecordType(RecordPlans.Record(WordsShape.Apply(ShapeReader.Read(type, name), "Value", metadata), name, withMapName: false), name, metadata, extras);
    }

    /// <summary>Returns the type of records without a known type. Their bytes are <c>Data</c>.</summary>
    /// <param name="name">The name of the type.</param>
    /// <param name="extras">The properties to add.</param>
    internal static RecordType ForBytes(string name, RecordExtras extras = RecordExtras.None) => new(RecordPlans.Record(null, name, withMapName: false), name, MapMetadata.None, extras);

    /// <summary>Returns the fields of an emitted type; for histograms, the labels.</summary>
    /// <param name="typeName">The full name of the type.</param>
    /// <returns>The fields in order; null for a type that this process has not emitted.</returns>
    public static IReadOnlyList<RecordField>? FieldsOf(string typeName) => EmittedTypes.Fields(typeName);

    /// <summary>
    /// Starts generating the types of an object's maps on another thread, while the object is loaded: the first types of a process take tens of milliseconds. Errors are ignored here, and thrown when the
    /// type is used.
    /// </summary>
    /// <param name="file">The object.</param>
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
                    // The caller that needs the type gets the same exception.
                }
            }
        }, file, preferLocal: false);
    }

    /// <summary>Whether bytes beyond <see cref="Size"/> belong to the type, because it ends in a flexible array.</summary>
    internal bool IsOpen => _isOpen;

    /// <summary>Returns the <see cref="TruncatedEvent"/> for a record that is too short.</summary>
    /// <param name="whole">The event that was decoded from the record padded with zeros.</param>
    /// <param name="length">The length of the record in bytes.</param>
    internal BpfEvent Truncate(BpfEvent whole, int length)
    {
        if (_truncated is null)
        {
            var type = EmittedTypes.Other($"{ShapeKey.Of("truncated", [_plan.Key])}", $"{ClrType.Name}_truncated", (module, name) => CutRecordEmitter.EmitTruncated(module, name, ClrType, Fields));
            _truncated = (delegate*<BpfEvent, int, BpfEvent>)WrapMethod(type);
        }

        return _truncated(whole, length);
    }

    /// <summary>Returns the object for a record that is longer than its type. Its class derives from <see cref="ClrType"/>, and <see cref="BpfEvent.GetRest"/> returns the remaining bytes.</summary>
    /// <param name="whole">The event that was decoded from the record.</param>
    /// <param name="rest">The remaining bytes.</param>
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

    /// <summary>Decodes a record. Copies the bytes. Bytes beyond <see cref="Size"/> belong to the flexible array, if there is one, or are ignored.</summary>
    /// <param name="data">The record, which need not be aligned.</param>
    /// <returns>A new object of <see cref="ClrType"/>.</returns>
    /// <exception cref="ShortRecordException">The record is shorter than <see cref="Size"/>.</exception>
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

/// <summary>An emitted type and its fields, for events and entries alike. Views are created from it.</summary>
internal interface IRecordShape
{
    /// <summary>The emitted type.</summary>
    Type ClrType { get; }

    /// <summary>The name of the map, or of the struct if there is no map.</summary>
    string Name { get; }

    /// <summary>The properties in the order of the emitted type.</summary>
    IReadOnlyList<RecordField> Fields { get; }

    /// <summary>The plan of the emitted type; null for types that are not emitted for one C struct.</summary>
    TypePlan? Plan => null;

    /// <summary>The fields that say where an object happened; null if it does not say.</summary>
    ContainerKeyFields? Where => null;

    /// <summary>The metadata of the map and its fields; never null.</summary>
    MapMetadata Metadata => MapMetadata.None;

    /// <summary>The properties that were asked for in addition to those of the C type.</summary>
    RecordExtras Extras => RecordExtras.None;
}

/// <summary>The exception for a record that is shorter than its type: the program sent less than the struct that it declares.</summary>
public sealed class ShortRecordException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="map">The name of the map or struct.</param>
    /// <param name="expected">The size of the type in bytes.</param>
    /// <param name="found">The size of the record in bytes.</param>
    public ShortRecordException(string map, int expected, int found)
        : base("ShortRecord", $"A record of '{map}' is too short: it has {Quantity.Of(found, "byte")}, but its type has {expected}.")
    {
        Map = map;
        Expected = expected;
        Found = found;
    }

    /// <summary>The name of the map or struct.</summary>
    public string Map { get; }

    /// <summary>The size of the type in bytes.</summary>
    public int Expected { get; }

    /// <summary>The size of the record in bytes.</summary>
    public int Found { get; }
}
