using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Records;

/// <summary>Decodes the entries of one map into objects of a sealed type that is generated for the map. Thread-safe.</summary>
/// <remarks>
/// <para>Properties, in this order: <c>MapName</c>; <c>Key</c> and <c>Value</c>, typed by BTF; then the fields of a struct key and of a struct value. If key and value have a field of the same
/// name, the key's field wins, and the value's field is <c>name_2</c>. Without BTF, keys and values are bytes; the key of an array is its index.</para>
/// <para>Per-CPU maps: <c>Values</c> has the values in the order of the CPUs. <c>Value</c> is the total of integers, as <see cref="ulong"/> or <see cref="long"/>, which wraps around; for other types
/// it is the same as <c>Values</c>. The integer fields of a struct value are totals too; its other fields are in <c>Values</c> only.</para>
/// </remarks>
internal sealed unsafe class EntryType : IRecordShape
{
    private readonly delegate*<ref byte, ref byte, int, MapEntry> _decode;
    private readonly int _keySize;
    private readonly int _valueSize;

    private EntryType(MapDescription map, RecordExtras extras)
    {
        var plan = EntryPlans.Entry(map).With(extras);
        Plan = plan;
        Extras = extras;
        Where = ContainerKeyFields.Of(plan);
        HasContainer = plan.HasContainer;
        Name = map.Name;
        Metadata = map.Metadata;
        IsPerCpu = map.IsPerCpu;
        IsGlobal = map is { IsInternal: true, MaxEntries: 1 };
        ClrType = EmittedTypes.Class(plan);
        Fields = RecordFields.Of(plan);
        Stacks = StackFields.Of(plan);
        _keySize = (int)map.KeySize;
        _valueSize = IsPerCpu ? plan.Stride : (int)map.ValueSize;
        _decode = (delegate*<ref byte, ref byte, int, MapEntry>)TypeEmitter.DecodeMethod(ClrType).MethodHandle.GetFunctionPointer();
    }

    /// <inheritdoc/>
    public Type ClrType { get; }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>The plan of the generated type.</summary>
    public TypePlan Plan { get; }

    /// <inheritdoc/>
    public RecordExtras Extras { get; set; }

    /// <summary>The fields that say where an entry happened, or null.</summary>
    public ContainerKeyFields? Where { get; }

    /// <summary>Whether entries have names of containers.</summary>
    internal bool HasContainer { get; }

    /// <summary>The fields with stack ids, or null.</summary>
    internal StackFields? Stacks { get; }

    /// <inheritdoc/>
    public IReadOnlyList<RecordField> Fields { get; }

    /// <inheritdoc/>
    public MapMetadata Metadata { get; }

    /// <summary>Whether the map is per-CPU.</summary>
    public bool IsPerCpu { get; }

    /// <summary>Whether the map holds global variables in a single entry, whose key is meaningless.</summary>
    public bool IsGlobal { get; }

    /// <summary>Returns the type of the entries of a map.</summary>
    /// <param name="map">The map; its key and value types may be null.</param>
    /// <param name="extras">The properties to add.</param>
    /// <returns>The type. Its CLR type is generated once and cached.</returns>
    /// <exception cref="BpfObjectException">A BTF type is inconsistent.</exception>
    public static EntryType ForMap(MapDescription map, RecordExtras extras = RecordExtras.None)
    {
        ArgumentNullException.ThrowIfNull(map);
        EventClock.Refresh();
        return new EntryType(map, extras);
    }

    /// <summary>Decodes an entry. Copies the bytes.</summary>
    /// <param name="key">The key, at least <see cref="MapDescription.KeySize"/> bytes.</param>
    /// <param name="value">The value; in a per-CPU map, the values of all CPUs, each rounded up to 8 bytes.</param>
    /// <returns>A new object of <see cref="ClrType"/>.</returns>
    /// <exception cref="ShortRecordException">The key or the value is too short.</exception>
    public MapEntry Decode(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.Length < _keySize || value.Length < _valueSize)
        {
            Short(key.Length, value.Length);
        }

        return _decode(ref MemoryMarshal.GetReference(key), ref MemoryMarshal.GetReference(value), value.Length);
    }

    private void Short(int key, int value) => throw (key < _keySize
        ? new ShortRecordException(Name, _keySize, key)
        : new ShortRecordException(Name, _valueSize, value));
}

/// <summary>
/// The base class of map entries. Generated classes add <c>MapName</c>, <c>Key</c> and <c>Value</c>, for per-CPU maps <c>Values</c>, and the fields of key and value.
/// </summary>
/// <remarks>See <see cref="EntryType"/> for the details.</remarks>
public abstract class MapEntry : BpfEvent
{
    /// <summary>Creates the base of a generated entry.</summary>
    private protected MapEntry()
    {
    }

    /// <summary>The bytes of the key, including padding.</summary>
    internal ReadOnlySpan<byte> RawKey => KeyBytes();

    /// <summary>The bytes of the value; in a per-CPU map, the values of all CPUs, each rounded up to 8 bytes.</summary>
    internal ReadOnlySpan<byte> RawValue => ValueBytes();

    /// <summary>Returns the bytes of the key.</summary>
    /// <returns>A view.</returns>
    private protected abstract ReadOnlySpan<byte> KeyBytes();

    /// <summary>Returns the bytes of the value.</summary>
    /// <returns>A view.</returns>
    private protected abstract ReadOnlySpan<byte> ValueBytes();
}
