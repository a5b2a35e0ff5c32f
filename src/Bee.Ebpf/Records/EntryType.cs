using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Records;

/// <summary>
/// How the entries of one map become objects: a sealed CLR type emitted for the map, and a decoder over key and value bytes.
/// Safe to use from any thread.
/// </summary>
/// <remarks>
/// <para>Properties, in this order: <c>MapName</c>; <c>Key</c> and <c>Value</c>, typed by BTF; then the fields of a struct key and those of a
/// struct value. Of two fields with the same name the key's keeps it and the value's becomes <c>name_2</c>.
/// Without BTF keys and values are bytes, except that the key of an array map is its index.</para>
/// <para>Maps with one value a CPU: <c>Values</c> holds them in order of CPU number. <c>Value</c> is the total for integers, as
/// <see cref="ulong"/> or <see cref="long"/> (wrapping around as they do), and the same as <c>Values</c> for anything else.
/// Of a struct value the integer fields are flattened, each with its total; the others are only in <c>Values</c>.</para>
/// </remarks>
internal sealed unsafe class EntryType : IRecordShape
{
    private readonly delegate*<ref byte, ref byte, int, MapEntry> _decode;
    private readonly int _keySize;
    private readonly int _valueSize;

    private EntryType(MapDescription map)
    {
        var plan = EntryPlans.Entry(map);
        Plan = plan;
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

    /// <summary>How its objects are made.</summary>
    internal TypePlan Plan { get; }

    /// <summary>Where ids of stacks stand; null where there are none.</summary>
    internal StackFields? Stacks { get; }

    /// <inheritdoc/>
    public IReadOnlyList<RecordField> Fields { get; }

    /// <inheritdoc/>
    public MapMetadata Metadata { get; }

    /// <summary>Whether the map has one value a CPU.</summary>
    public bool IsPerCpu { get; }

    /// <summary>Whether the map holds global variables as its one entry, whose key says nothing.</summary>
    public bool IsGlobal { get; }

    /// <summary>The type of the entries of a map.</summary>
    /// <param name="map">The map; its key and value types may be null.</param>
    /// <returns>The type. Its CLR type is made at the first call and remembered.</returns>
    /// <exception cref="BpfObjectException">A BTF type contradicts itself.</exception>
    public static EntryType ForMap(MapDescription map)
    {
        ArgumentNullException.ThrowIfNull(map);
        EventClock.Refresh();
        return new EntryType(map);
    }

    /// <summary>Makes an object from an entry. The bytes are copied.</summary>
    /// <param name="key">The key, <see cref="MapDescription.KeySize"/> bytes at least.</param>
    /// <param name="value">The value; for maps with one value a CPU all of them, each rounded up to 8 bytes, as the kernel gives them.</param>
    /// <returns>A new object of <see cref="ClrType"/>.</returns>
    /// <exception cref="ShortRecordException">Key or value have fewer bytes than the map says.</exception>
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
/// The base of every object made from an entry of a map. Emitted types add <c>MapName</c>, <c>Key</c>, <c>Value</c>, for maps with
/// one value a CPU also <c>Values</c>, and the fields of key and value flattened beside them.
/// </summary>
/// <remarks>See <see cref="EntryType"/> for the exact shape.</remarks>
public abstract class MapEntry : BpfEvent
{
    /// <summary>Makes the base of an emitted entry.</summary>
    private protected MapEntry()
    {
    }

    /// <summary>The key's bytes, as the kernel gave them: with what stands between its fields.</summary>
    internal ReadOnlySpan<byte> RawKey => KeyBytes();

    /// <summary>The value's bytes; of maps with one value a CPU all of them, each rounded up to 8.</summary>
    internal ReadOnlySpan<byte> RawValue => ValueBytes();

    /// <summary>The key's bytes.</summary>
    /// <returns>A view of them.</returns>
    private protected abstract ReadOnlySpan<byte> KeyBytes();

    /// <summary>The value's bytes.</summary>
    /// <returns>A view of them.</returns>
    private protected abstract ReadOnlySpan<byte> ValueBytes();
}
