using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;

namespace Bee.Ebpf.Records;

/// <summary>
/// An event whose record ended before its type did. Emitted types add the properties of the type, each null where its field is cut off; of text and arrays what
/// came is there.
/// </summary>
public abstract class TruncatedEvent : BpfEvent
{
    // Decoded from the record with zeros behind it.
    private readonly BpfEvent _whole;
    private readonly int _length;

    /// <summary>Makes the base of an emitted event.</summary>
    /// <param name="whole">The record with zeros behind it.</param>
    /// <param name="length">How many bytes came.</param>
    protected TruncatedEvent(BpfEvent whole, int length)
    {
        _whole = whole;
        _length = length;
    }

    /// <summary>True: fields are missing. Events whose record is whole have no such property.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "A property of the event, which views and serializers read from the instance.")]
    public bool Truncated => true;

    /// <summary>The class of events of the same map whose record is whole.</summary>
    /// <returns>The class.</returns>
    public Type WholeType() => _whole.GetType();

    /// <summary>The record with zeros behind it.</summary>
    /// <returns>The event.</returns>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal BpfEvent WholeEvent() => _whole;

    /// <summary>A field's value as far as it came.</summary>
    /// <param name="value">Its value with zeros where the record has ended.</param>
    /// <param name="offset">Where the field begins.</param>
    /// <param name="size">How many bytes it has.</param>
    /// <returns>The value; of text and arrays the part that came; null for what is cut off.</returns>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal object? Present(object? value, int offset, int size) =>
        offset + size <= _length ? value
        : offset >= _length ? null
        : value is IPartialArray { Count: > 0 } array ? array.First((_length - offset) / (size / array.Count)) : null;

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> RecordBytes() => _whole.BytesOfRecord() is var bytes && bytes.Length > _length ? bytes[.._length] : bytes;
}

/// <summary>An array of a record that ended inside of it.</summary>
internal interface IPartialArray
{
    /// <summary>How many elements there are.</summary>
    int Count { get; }

    /// <summary>The first elements, as an array of the same type.</summary>
    object First(int count);
}
