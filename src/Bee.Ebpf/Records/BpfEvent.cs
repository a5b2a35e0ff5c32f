namespace Bee.Ebpf;

/// <summary>
/// The base of every object made from the kernel's bytes: events of rings and perf buffers, and the structs and unions inside of them.
/// The real types are emitted, one for each C struct, with a property for each field; this base adds none.
/// </summary>
/// <remarks>
/// An object holds a copy of the record's bytes and makes each value when it is asked for, so an event costs one allocation however
/// many fields it has, and it stays valid after the ring's pages are used again. Objects are immutable and safe to read from any thread.
/// Two objects are equal when they are of one type and all their values are.
/// </remarks>
public abstract partial class BpfEvent
{
    /// <summary>Makes the base of an emitted event.</summary>
    protected BpfEvent()
    {
    }

    /// <summary>Hands over the traces for the ids of stacks in the object; called once, before anybody else sees it.</summary>
    internal void Keep(StackTrace[] traces) => SetTraces(traces);

    /// <summary>Keeps the traces; types without stacks have no place for them.</summary>
    /// <param name="traces">In the order of the fields.</param>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    protected virtual void SetTraces(StackTrace[] traces)
    {
    }

    /// <summary>The bytes of the record behind its type, for an event of a ring or perf buffer whose program sent more than the type declares.</summary>
    /// <returns>A copy; empty if no bytes follow. A perf buffer may add up to seven bytes of padding at the end.</returns>
    public byte[] GetRest() => (byte[])RestBytes().Clone();

    /// <summary>The bytes of a field as the program sent them, of a <c>char</c> array with what is behind a NUL.</summary>
    /// <param name="field">The property's name; case does not count.</param>
    /// <returns>A copy; of a record that was truncated what came. Of a flexible array none: it ends the record, and its own value has all.</returns>
    /// <exception cref="ArgumentException">There is no such field, or this is no event but an entry of a map.</exception>
    public byte[] GetBytes(string field) => FieldBytes.Of(this, RecordBytes(), field);

    internal ReadOnlySpan<byte> BytesOfRecord() => RecordBytes();

    /// <summary>The record's bytes; none for entries of maps.</summary>
    /// <returns>A view of them.</returns>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    protected virtual ReadOnlySpan<byte> RecordBytes() => [];

    /// <summary>The bytes of the record behind its type.</summary>
    /// <returns>The bytes themselves.</returns>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    protected virtual byte[] RestBytes() => [];

    /// <summary>All fields as one line of JSON, so that a nested struct survives where only text fits, as in a CSV file.</summary>
    /// <returns>A JSON object, enums by name; the same text in every culture.</returns>
    public override string ToString() => JsonText.Of(this);

    /// <summary>All fields as one line of JSON for another program: as <see cref="ToString"/>, but with moments in UTC.</summary>
    /// <returns>
    /// A JSON object. Enums are their names; numbers of 64 and 128 bits have all their digits; control characters, and those that hide or reorder text, are escaped; bytes that are not UTF-8 are U+FFFD.
    /// </returns>
    public string ToJson() => JsonText.Of(this, utc: true);

    /// <summary>Whether another object is of the same type and has the same values.</summary>
    /// <param name="obj">The other object.</param>
    /// <returns>Whether they are equal. Bytes that no field covers, and text behind a NUL, do not count.</returns>
    public override bool Equals(object? obj) =>
        ReferenceEquals(this, obj) || (obj is BpfEvent && obj.GetType() == GetType() && obj.ToString() == ToString());

    /// <summary>A hash of all values.</summary>
    /// <returns>The same number for equal objects of one process.</returns>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);
}
