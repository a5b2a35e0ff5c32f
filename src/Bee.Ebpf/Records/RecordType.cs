using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>
/// How the records of one C type become objects: a sealed CLR type emitted once in a process for each (name, BTF layout, meanings),
/// and a decoder over bytes. Safe to use from any thread.
/// </summary>
/// <remarks>
/// A struct or union gives a property a field, anonymous members flattened. A type made for a map begins with <c>MapName</c>.
/// Any other type (<c>__type(value, u32)</c>) gives one property <c>Value</c>; no type at all gives <c>Data</c>, the sample's bytes.
/// </remarks>
public sealed unsafe class RecordType : IRecordShape
{
    // Called through a pointer: no delegate, no reflection, no boxing for an event.
    private readonly delegate*<ref byte, int, BpfEvent> _decode;
    private readonly int _size;

    private RecordType(TypePlan plan, string name, MapPresentation presentation)
    {
        Name = name;
        Presentation = presentation;
        ClrType = EmittedTypes.Class(plan);
        Fields = RecordFields.Of(plan);
        Stacks = StackFields.Of(plan);
        _size = plan.InlineSize;
        _decode = (delegate*<ref byte, int, BpfEvent>)TypeEmitter.DecodeMethod(ClrType).MethodHandle.GetFunctionPointer();
    }

    /// <inheritdoc/>
    public Type ClrType { get; }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public MapPresentation Presentation { get; }

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
        var shape = map.Value is null or BtfVoid ? null : ShapeReader.Read(map.Value, map.Name);
        return new RecordType(RecordPlans.Record(shape, map.Name, withMapName: true), map.Name, map.Presentation);
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
        return ForStruct(type, name, MapPresentation.None);
    }

    /// <summary>The same, with what is said of its fields.</summary>
    internal static RecordType ForStruct(BtfType type, string name, MapPresentation said)
    {
        EventClock.Refresh();
        return new RecordType(RecordPlans.Record(ShapeReader.Read(type, name), name, withMapName: false), name, said);
    }

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
