using System.Buffers;
using System.Numerics;
using System.Text;
using Bee.Posix;

namespace Bee.Ebpf.Packing;

/// <summary>The kinds of items. An item has its kind (one byte), the length of its payload (a varint) and the payload. The numbers are never reused.</summary>
internal enum PackItem : byte
{
    /// <summary>An object with metadata. Tools are numbered from 0 in a file.</summary>
    Tool = 1,
    /// <summary>A type of objects: tool, kind, name. Types are numbered from 0 in a file.</summary>
    Type = 2,
    /// <summary>The start of a block. It ends the definitions of the previous block.</summary>
    Block = 3,
    /// <summary>The clock offsets of the machine that captured the following objects. It ends the definitions of accounts.</summary>
    Host = 4,
    /// <summary>The name of a user or group on that machine.</summary>
    Account = 5,
    /// <summary>A frame of stacks. Frames are numbered from 0 in a block.</summary>
    Frame = 6,
    /// <summary>A stack: id, error, frames. Stacks are numbered from 1 in a block.</summary>
    Stack = 7,
    /// <summary>A type of objects that say where they happened: what they have (bit 0 containers, bit 1 hosts), then as <see cref="Type"/>, and numbered with the others.</summary>
    ExtendedType = 8,
    /// <summary>The names of a container: id, container, image, pod, namespace, node, owner, labels. Containers are numbered from 1 in a block; 0 is the host.</summary>
    Container = 9,
    /// <summary>A host that objects were read on: name, whether they came late. Hosts are numbered from 1 in a block; 0 is the host that wrote the file.</summary>
    Sender = 10,
    /// <summary>A type of objects without its tool: what they have (as <see cref="ExtendedType"/>), then a <see cref="PackedShape"/>. It is numbered with the other types.</summary>
    Shape = 11,
    /// <summary>A record: type, container, host, stacks, bytes. The record may be longer than its type. Only extended types have a container or a host.</summary>
    Record = 16,
    /// <summary>A record that is shorter than its type: type, container, host, stacks, bytes.</summary>
    Truncated = 17,
    /// <summary>An entry of a map: type, container, host, stacks, key, value.</summary>
    Entry = 18,
    /// <summary>A histogram: type, container, host, count, sum, buckets, and the item of the record or entry with its labels.</summary>
    Histogram = 19,
    /// <summary>A line that an iterator wrote.</summary>
    IteratorLine = 20,
    /// <summary>A line of bpf_printk.</summary>
    TraceLine = 21,
    /// <summary>A line of another host: host, and the item of the line.</summary>
    HostLine = 22,
    /// <summary>A loss: time, count, map.</summary>
    Loss = 32,
}

/// <summary>Writes the parts of a payload. Numbers are LEB128 varints, signed ones in zigzag; text is UTF-8 with its length before it.</summary>
internal sealed class PackPayload
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>The maximum length of a varint, in bytes.</summary>
    public const int MostVarint = 10;

    /// <summary>Discards the payload.</summary>
    public void Clear() => _bytes.ResetWrittenCount();

    public PackPayload Number(ulong value)
    {
        var span = _bytes.GetSpan(MostVarint);
        _bytes.Advance(WriteNumber(span, value));
        return this;
    }

    public PackPayload Signed(long value) => Number((ulong)(value << 1) ^ (ulong)(value >> 63));

    public PackPayload Double(double value)
    {
        BitConverter.TryWriteBytes(_bytes.GetSpan(sizeof(double)), value);
        _bytes.Advance(sizeof(double));
        return this;
    }

    public PackPayload Bytes(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public PackPayload Text(string text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        Number((ulong)size);
        _bytes.Advance(Encoding.UTF8.GetBytes(text, _bytes.GetSpan(size)));
        return this;
    }

    /// <summary>Writes a flag and, unless it is null, the number.</summary>
    public PackPayload Optional(double? number) => number is { } value ? Number(1).Double(value) : Number(0);

    /// <summary>Writes a flag and, unless it is null, the text.</summary>
    public PackPayload Optional(string? text) => text is null ? Number(0) : Number(1).Text(text);

    /// <summary>Writes a flag and, unless it is null, the number.</summary>
    public PackPayload Optional(ulong? number) => number is { } value ? Number(1).Number(value) : Number(0);

    /// <summary>Returns the payload.</summary>
    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    /// <summary>Writes the payload as an item, and starts a new payload.</summary>
    public void WriteTo(IBufferWriter<byte> to, PackItem kind)
    {
        var payload = _bytes.WrittenSpan;
        var span = to.GetSpan(1 + MostVarint + payload.Length);
        span[0] = (byte)kind;
        var at = 1 + WriteNumber(span[1..], (ulong)payload.Length);
        payload.CopyTo(span[at..]);
        to.Advance(at + payload.Length);
        _bytes.ResetWrittenCount();
    }

    /// <summary>Writes a varint and returns its length.</summary>
    public static int WriteNumber(Span<byte> span, ulong value)
    {
        var at = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[at++] = (byte)(value | 0x80);
        }

        span[at++] = (byte)value;
        return at;
    }

    /// <summary>Returns the length of a varint in bytes.</summary>
    public static int SizeOf(uint value) => (BitOperations.Log2(value | 1) / 7) + 1;
}

/// <summary>Reads the parts of a payload. Validates each length before using it.</summary>
internal ref struct PackReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    /// <summary>The bytes that have not been read yet.</summary>
    public readonly ReadOnlySpan<byte> Left => _left;

    public readonly bool IsEnd => _left.IsEmpty;

    public byte Byte()
    {
        var value = _left.IsEmpty ? throw Short() : _left[0];
        _left = _left[1..];
        return value;
    }

    public ulong Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Byte();
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return shift < 63 || part <= 1 ? value : throw PackException.Damaged("a number has more than 64 bits");
            }
        }

        throw PackException.Damaged("a number has more than 64 bits");
    }

    public long Signed() => Number() is var value ? (long)(value >> 1) ^ -(long)(value & 1) : 0;

    public double Double() => BitConverter.ToDouble(Bytes(sizeof(double)));

    /// <summary>Reads a number, and rejects one above a limit.</summary>
    public int Number(int most) => (int)Number((uint)most);

    /// <inheritdoc cref="Number(int)"/>
    public uint Number(uint most) => Number() is var value && value <= most ? (uint)value : throw PackException.Damaged($"{value} exceeds the maximum of {most}");

    public ReadOnlySpan<byte> Bytes(int length)
    {
        var bytes = length <= _left.Length ? _left[..length] : throw Short();
        _left = _left[length..];
        return bytes;
    }

    public string Text() => Encoding.UTF8.GetString(Bytes(Number(_left.Length)));

    /// <summary>Reads the name of a map or a program, and rejects one with control characters.</summary>
    public string Name() => Text() is var name && !TerminalText.IsUnsafe(name) ? name : throw PackException.Damaged("a name contains control characters");

    public string? OptionalText() => Number(1) == 0 ? null : Text();

    public double? OptionalDouble() => Number(1) == 0 ? null : Double();

    public ulong? OptionalNumber() => Number(1) == 0 ? null : Number();

    /// <summary>Reads an item and returns its payload.</summary>
    /// <param name="kind">The kind of the item.</param>
    public PackReader Item(out PackItem kind)
    {
        kind = (PackItem)Byte();
        return new PackReader(Bytes(Number(_left.Length)));
    }

    /// <summary>Reads the remaining bytes.</summary>
    public ReadOnlySpan<byte> Rest() => Bytes(_left.Length);

    /// <summary>Rejects a payload that has not been read to its end.</summary>
    public readonly void End()
    {
        if (!_left.IsEmpty)
        {
            throw PackException.Damaged("an item is longer than its content");
        }
    }

    private static PackException Short() => PackException.Damaged("an item ends early");
}
