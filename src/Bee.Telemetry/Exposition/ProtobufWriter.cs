using System.Buffers.Binary;
using System.Text;

namespace Bee.Telemetry.Exposition;

/// <summary>Writes fields of protobuf messages (protobuf.dev/programming-guides/encoding).</summary>
internal readonly struct ProtobufWriter(ExpositionBuffer buffer)
{
    private const int Varint = 0, Fixed64 = 1, Delimited = 2;

    /// <summary>Writes a field of type uint64, int64, int32, bool or enum. The caller passes a negative number as its 64-bit two's complement.</summary>
    public void Number(int field, ulong value)
    {
        Tag(field, Varint);
        Raw(value);
    }

    /// <summary>Writes a field of type sint32 or sint64.</summary>
    public void Signed(int field, long value) => Number(field, ZigZag(value));

    /// <summary>Writes a field of type double.</summary>
    public void Double(int field, double value) => Fixed(field, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Writes a field of type fixed64.</summary>
    public void Fixed(int field, ulong value)
    {
        Tag(field, Fixed64);
        RawFixed(value);
    }

    /// <summary>Writes a field of type string.</summary>
    public void Text(int field, string value)
    {
        Tag(field, Delimited);
        Raw((ulong)Encoding.UTF8.GetByteCount(value));
        buffer.AppendText(value);
    }

    /// <summary>Writes a field of type string or bytes.</summary>
    public void Text(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, Delimited);
        Raw((ulong)value.Length);
        buffer.Append(value);
    }

    /// <summary>Begins a field that contains a message.</summary>
    /// <returns>The start of the message, for <see cref="End"/>.</returns>
    public int Begin(int field)
    {
        Tag(field, Delimited);
        return Begin();
    }

    /// <summary>Begins a length-delimited message.</summary>
    /// <returns>The start of the message, for <see cref="End"/>.</returns>
    public int Begin()
    {
        // Reserves one byte for the length, since most messages are short.
        buffer.Append((byte)0);
        return buffer.Length;
    }

    /// <summary>Ends a message: inserts its length before it.</summary>
    public void End(int start)
    {
        var length = (uint)(buffer.Length - start);
        if (length < 0x80)
        {
            buffer.Patch(start - 1, (byte)length);
            return;
        }

        Span<byte> bytes = stackalloc byte[5];
        var count = 0;
        for (; length >= 0x80; length >>= 7)
        {
            bytes[count++] = (byte)(length | 0x80);
        }

        bytes[count++] = (byte)length;
        buffer.Patch(start - 1, bytes[0]);
        buffer.Insert(start, bytes[1..count]);
    }

    /// <summary>Writes a number without a field.</summary>
    public void Raw(ulong value)
    {
        var span = buffer.GetSpan(10);
        var count = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[count++] = (byte)(value | 0x80);
        }

        span[count++] = (byte)value;
        buffer.Advance(count);
    }

    /// <summary>Writes eight bytes without a field.</summary>
    public void RawFixed(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(buffer.GetSpan(sizeof(ulong)), value);
        buffer.Advance(sizeof(ulong));
    }

    /// <summary>Encodes a signed number as protobuf's sint types do.</summary>
    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private void Tag(int field, int type) => Raw((ulong)(field << 3 | type));
}
