using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Records;

/// <summary>
/// The base of every object made from the kernel's bytes: events of rings and perf buffers, and the structs and unions inside of them.
/// The real types are emitted, one for each C struct, with a property for each field; this base adds none.
/// </summary>
/// <remarks>
/// An object holds a copy of the record's bytes and makes each value when it is asked for, so an event costs one allocation however
/// many fields it has, and it stays valid after the ring's pages are used again. Objects are immutable and safe to read from any thread.
/// Two objects are equal when they are of one type and all their values are.
/// </remarks>
public abstract unsafe class BpfEvent
{
    /// <summary>Makes the base of an emitted event.</summary>
    private protected BpfEvent()
    {
    }

    /// <summary>Returns the value of a field.</summary>
    /// <param name="field">The property's name; case does not count.</param>
    /// <exception cref="ArgumentException">The event has no such field.</exception>
    [IndexerName("FieldByName")]
    public object? this[string field] => FieldValues.Of(this, field);

    /// <summary>Hands over the traces for the ids of stacks in the object; called once, before anybody else sees it.</summary>
    internal void Keep(StackTrace[] traces) => SetTraces(traces);

    /// <summary>The traces that the object was given; of an entry of a stack map the stack that it is. Null where it has none.</summary>
    internal StackTrace[]? Traces => GetTraces() ?? (GetStack() is { } stack ? [stack] : null);

    /// <summary>The machine that the object was captured on; null for one of this machine, and where no value depends on it.</summary>
    internal RecordHost? Host => GetHost();

    /// <summary>Sets the machine that the object was captured on; called once, before another thread sees it.</summary>
    internal void Bind(RecordHost host) => SetHost(host);

    /// <summary>Keeps the machine; types whose values do not depend on it have no place for it.</summary>
    /// <param name="host">The machine.</param>
    private protected virtual void SetHost(RecordHost host)
    {
    }

    /// <summary>The machine that the object was captured on.</summary>
    /// <returns>The machine, or null.</returns>
    private protected virtual RecordHost? GetHost() => null;

    /// <summary>The traces that the object was given.</summary>
    /// <returns>The traces, or null.</returns>
    private protected virtual StackTrace[]? GetTraces() => null;

    /// <summary>The stack that an entry of a stack map is.</summary>
    /// <returns>The stack; null for other objects.</returns>
    private protected virtual StackTrace? GetStack() => null;

    /// <summary>Keeps the traces; types without stacks have no place for them.</summary>
    /// <param name="traces">In the order of the fields.</param>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    private protected virtual void SetTraces(StackTrace[] traces)
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
    private protected virtual ReadOnlySpan<byte> RecordBytes() => [];

    /// <summary>The bytes of the record behind its type.</summary>
    /// <returns>The bytes themselves.</returns>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    private protected virtual byte[] RestBytes() => [];

    /// <summary>The bytes of a flexible array that ends the record; none of other records.</summary>
    internal ReadOnlySpan<byte> BytesOfOpenEnd() => OpenEnd();

    /// <summary>The bytes of the record behind its type, themselves.</summary>
    internal ReadOnlySpan<byte> BytesBehind() => RestBytes();

    /// <summary>Where the bytes of a flexible array begin in the record; -1 for other records.</summary>
    internal int OpenEndAt() => OpenAt();

    /// <summary>The bytes of a flexible array that ends the record.</summary>
    /// <returns>The bytes themselves.</returns>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    private protected virtual byte[] OpenEnd() => [];

    /// <summary>Where <see cref="OpenEnd"/> begins in the record.</summary>
    /// <returns>The offset; -1 for records without such an array.</returns>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    private protected virtual int OpenAt() => -1;

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

    /// <summary>Text up to the first NUL or the end; bytes that are no UTF-8 become U+FFFD.</summary>
    /// <param name="at">The first byte.</param>
    /// <param name="length">How many bytes there are.</param>
    /// <returns>The text.</returns>
    private protected static string ReadText(ref byte at, int length)
    {
        var bytes = MemoryMarshal.CreateReadOnlySpan(ref at, length);
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    /// <summary>Words with a NUL behind each, up to the last that is not empty.</summary>
    /// <param name="at">The first byte.</param>
    /// <param name="length">How many bytes there are.</param>
    /// <returns>The words.</returns>
    private protected static BpfArray<string> ReadWords(ref byte at, int length)
    {
        var bytes = MemoryMarshal.CreateReadOnlySpan(ref at, length).TrimEnd((byte)0);
        var words = new List<string>();
        while (bytes.Length > 0)
        {
            var end = bytes.IndexOf((byte)0);
            words.Add(Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]));
            bytes = end < 0 ? [] : bytes[(end + 1)..];
        }

        return new BpfArray<string>([.. words]);
    }

    /// <summary>Words behind a record's fixed part.</summary>
    /// <param name="rest">The bytes behind the fixed part.</param>
    /// <param name="skip">Where the words begin in them.</param>
    /// <returns>The words.</returns>
    private protected static BpfArray<string> ReadRestWords(byte[] rest, int skip) => skip >= rest.Length ? new BpfArray<string>([]) : ReadWords(ref rest[skip], rest.Length - skip);

    /// <summary>An IPv4 address in network order.</summary>
    /// <param name="at">The first of 4 bytes.</param>
    /// <returns>Its text.</returns>
    private protected static string ReadIpv4(ref byte at) => AddressText.Ipv4(MemoryMarshal.CreateReadOnlySpan(ref at, 4));

    /// <summary>An IPv6 address in network order.</summary>
    /// <param name="at">The first of 16 bytes.</param>
    /// <returns>Its text.</returns>
    private protected static string ReadIpv6(ref byte at) => AddressText.Ipv6(MemoryMarshal.CreateReadOnlySpan(ref at, 16));

    /// <summary>A hardware address.</summary>
    /// <param name="at">The first of 6 bytes.</param>
    /// <returns>Its text.</returns>
    private protected static string ReadMac(ref byte at) => AddressText.Mac(MemoryMarshal.CreateReadOnlySpan(ref at, 6));

    /// <summary>The flags that a file is opened with.</summary>
    /// <param name="at">The first of 4 bytes.</param>
    /// <param name="architecture">The architecture, whose numbers they have.</param>
    /// <returns>Their names with bars between.</returns>
    private protected static string ReadFileFlags(ref byte at, Architecture architecture) => FileText.Flags(Unsafe.ReadUnaligned<uint>(ref at), architecture);

    /// <summary>A file's mode.</summary>
    /// <param name="at">The first of 4 bytes.</param>
    /// <returns>Ten letters, as ls writes them.</returns>
    private protected static string ReadFileMode(ref byte at) => FileText.Mode(Unsafe.ReadUnaligned<uint>(ref at));

    /// <summary>The key of a longest-prefix match.</summary>
    /// <param name="at">Its first byte, where the number of bits stands.</param>
    /// <param name="offset">Where the address is.</param>
    /// <param name="size">4 for IPv4, 16 for IPv6.</param>
    /// <returns>Text such as 10.0.0.0/8.</returns>
    private protected static string ReadPrefix(ref byte at, int offset, int size)
    {
        var address = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref at, offset), size);
        return string.Create(CultureInfo.InvariantCulture, $"{(size == 4 ? AddressText.Ipv4(address) : AddressText.Ipv6(address))}/{Unsafe.ReadUnaligned<uint>(ref at)}");
    }

    /// <summary>An address of either family, perhaps with a port.</summary>
    /// <param name="at">Its first byte, where the address stands in network order.</param>
    /// <param name="version">Where 4 or 6 stands.</param>
    /// <param name="port">Where the port stands, in host order; -1 for none.</param>
    /// <returns>Text such as 192.0.2.1:80 or [2001:db8::1]:80; empty where it is of neither family.</returns>
    private protected static string ReadEndpoint(ref byte at, int version, int port)
    {
        var address = Unsafe.Add(ref at, version) switch
        {
            4 => AddressText.Ipv4(MemoryMarshal.CreateReadOnlySpan(ref at, 4)),
            6 => AddressText.Ipv6(MemoryMarshal.CreateReadOnlySpan(ref at, 16)),
            _ => "",
        };
        return port < 0 || address.Length == 0
            ? address
            : string.Create(CultureInfo.InvariantCulture, $"{(address.Contains(':') ? $"[{address}]" : address)}:{Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref at, port))}");
    }

    /// <summary>A stack trace as a stack map has it, without a process to find the names of its functions by.</summary>
    /// <param name="at">Its first byte.</param>
    /// <param name="size">How many bytes it may have.</param>
    /// <param name="byBuildId">Whether it is recorded by build id.</param>
    /// <param name="traces">The trace, where the object was given it.</param>
    /// <returns>The trace.</returns>
    private protected static StackTrace ReadStack(ref byte at, int size, bool byBuildId, StackTrace[]? traces) =>
        traces is [var trace, ..] ? trace : StackReader.Read(null, MemoryMarshal.CreateReadOnlySpan(ref at, size), byBuildId, process: 0);

    /// <summary>One of the traces that the object was given.</summary>
    /// <param name="traces">All of them, or null where nobody had any.</param>
    /// <param name="index">Which one.</param>
    /// <param name="id">The first byte of its id.</param>
    /// <returns>The trace; without frames where nobody had it.</returns>
    private protected static StackTrace TraceAt(StackTrace[]? traces, int index, ref byte id) =>
        traces is not null && index < traces.Length ? traces[index] : new StackTrace(Unsafe.ReadUnaligned<int>(ref id), Errno.ENOENT, []);

    /// <summary>Bytes of the object.</summary>
    /// <param name="at">The first.</param>
    /// <param name="length">How many there are.</param>
    /// <returns>A view of them.</returns>
    private protected static ReadOnlySpan<byte> ViewBytes(ref byte at, int length) => MemoryMarshal.CreateReadOnlySpan(ref at, length);

    /// <summary>Bytes of the object that stand in an array.</summary>
    /// <param name="bytes">The array.</param>
    /// <returns>A view of them.</returns>
    private protected static ReadOnlySpan<byte> ViewArray(byte[] bytes) => bytes;

    /// <summary>A 128-bit integer.</summary>
    /// <param name="at">The first of 16 bytes.</param>
    /// <param name="signed">Whether the top bit is a sign.</param>
    /// <returns>The number.</returns>
    private protected static BigInteger ReadInt128(ref byte at, bool signed) =>
        new(MemoryMarshal.CreateReadOnlySpan(ref at, 16), isUnsigned: !signed);

    /// <summary>A <c>float</c> as the double with the same digits, so that 1.1f equals the literal 1.1; cast to float it is what it was.</summary>
    /// <param name="at">The first of 4 bytes.</param>
    /// <returns>The number.</returns>
    private protected static double ReadFloat(ref byte at)
    {
        var value = Unsafe.ReadUnaligned<float>(ref at);
        return !float.IsFinite(value) || value == MathF.Truncate(value)
            ? value
            : double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    /// <summary>A bitfield of at most 64 bits, which may lie across 9 bytes.</summary>
    /// <param name="at">The byte that holds its first bit.</param>
    /// <param name="shift">The first bit's place in that byte.</param>
    /// <param name="bits">How many bits it has.</param>
    /// <param name="signed">Whether the top bit is a sign.</param>
    /// <returns>The number; negative ones fill all upper bits.</returns>
    internal static ulong ReadBits(ref byte at, int shift, int bits, bool signed)
    {
        var value = (ulong)(ReadBitsWide(ref at, shift, bits) & ulong.MaxValue);
        return signed ? (ulong)((long)(value << (64 - bits)) >> (64 - bits)) : value;
    }

    /// <summary>A bitfield of more than 64 bits.</summary>
    /// <param name="at">The byte that holds its first bit.</param>
    /// <param name="shift">The first bit's place in that byte.</param>
    /// <param name="bits">How many bits it has, at most 128.</param>
    /// <param name="signed">Whether the top bit is a sign.</param>
    /// <returns>The number.</returns>
    private protected static BigInteger ReadWideBits(ref byte at, int shift, int bits, bool signed)
    {
        BigInteger value = ReadBitsWide(ref at, shift, bits);
        return signed && !(value >> (bits - 1)).IsZero ? value - (BigInteger.One << bits) : value;
    }

    /// <summary>A moment of the monotonic clock.</summary>
    /// <param name="at">The first of 8 bytes.</param>
    /// <param name="host">The machine whose clock it is; null for this one.</param>
    /// <returns>The moment in local time.</returns>
    private protected static DateTime ReadMonotonic(ref byte at, RecordHost? host) => Unsafe.ReadUnaligned<ulong>(ref at) is var stamp && host is null ? EventClock.FromMonotonic(stamp) : host.Clock.FromMonotonic(stamp);

    /// <summary>A moment of the boot-time clock.</summary>
    /// <param name="at">The first of 8 bytes.</param>
    /// <param name="host">The machine whose clock it is; null for this one.</param>
    /// <returns>The moment in local time.</returns>
    private protected static DateTime ReadBootTime(ref byte at, RecordHost? host) => Unsafe.ReadUnaligned<ulong>(ref at) is var stamp && host is null ? EventClock.FromBootTime(stamp) : host.Clock.FromBootTime(stamp);

    /// <summary>An error number, whichever sign it was stored with.</summary>
    /// <param name="number">The number, cut to 32 bits.</param>
    /// <returns>The error.</returns>
    private protected static Errno ToErrno(int number) => (Errno)(number < 0 && number != int.MinValue ? -number : number);

    /// <summary>An array of bytes.</summary>
    /// <param name="at">The first byte.</param>
    /// <param name="count">How many there are.</param>
    /// <returns>A copy.</returns>
    private protected static BpfArray<byte> ReadBytes(ref byte at, int count) => new(MemoryMarshal.CreateReadOnlySpan(ref at, count).ToArray());

    /// <summary>An array.</summary>
    /// <typeparam name="T">The elements' type.</typeparam>
    /// <param name="at">The first byte of the first element.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="stride">How many bytes each takes.</param>
    /// <param name="read">A static method that takes a <c>ref byte</c> and a <see cref="RecordHost"/>, and returns a <typeparamref name="T"/>.</param>
    /// <param name="host">The machine that the object comes from; null for this one.</param>
    /// <returns>All elements.</returns>
    private protected static BpfArray<T> ReadArray<T>(ref byte at, int count, int stride, nint read, RecordHost? host)
    {
        var items = new T[count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = ((delegate*<ref byte, RecordHost?, T>)read)(ref Unsafe.Add(ref at, (nint)i * stride), host);
        }

        return new BpfArray<T>(items);
    }

    /// <summary>A flexible array: as many whole elements as the record's rest holds.</summary>
    /// <typeparam name="T">The elements' type.</typeparam>
    /// <param name="rest">The bytes behind the fixed part.</param>
    /// <param name="skip">Where the array begins in them.</param>
    /// <param name="stride">How many bytes each element takes.</param>
    /// <param name="read">As for <see cref="ReadArray{T}"/>.</param>
    /// <param name="host">The machine that the object comes from; null for this one.</param>
    /// <returns>All elements.</returns>
    private protected static BpfArray<T> ReadRest<T>(byte[] rest, int skip, int stride, nint read, RecordHost? host)
    {
        var left = stride == 0 ? 0 : Math.Max(0, rest.Length - skip);
        return left < stride || left == 0 ? new BpfArray<T>([]) : ReadArray<T>(ref rest[skip], left / stride, stride, read, host);
    }

    /// <summary>Flexible text: up to the first NUL or the record's end.</summary>
    /// <param name="rest">The bytes behind the fixed part.</param>
    /// <param name="skip">Where the text begins in them.</param>
    /// <returns>The text.</returns>
    private protected static string ReadRestText(byte[] rest, int skip) => skip >= rest.Length ? "" : ReadText(ref rest[skip], rest.Length - skip);

    /// <summary>The bytes behind a record's fixed part.</summary>
    /// <param name="data">The record's first byte.</param>
    /// <param name="length">The record's length.</param>
    /// <param name="offset">Where the fixed part ends.</param>
    /// <returns>A copy.</returns>
    private protected static byte[] CopyRest(ref byte data, int length, int offset) =>
        MemoryMarshal.CreateReadOnlySpan(ref data, length)[offset..].ToArray();

    /// <summary>The sum of an unsigned integer over all CPUs.</summary>
    /// <param name="values">The values of all CPUs.</param>
    /// <param name="stride">How many bytes each takes.</param>
    /// <param name="offset">Where the integer is in each.</param>
    /// <param name="size">How many bytes it has: 1, 2, 4 or 8.</param>
    /// <returns>The sum, wrapping around.</returns>
    private protected static ulong SumUnsigned(byte[] values, int stride, int offset, int size)
    {
        ulong sum = 0;
        for (var at = offset; at + size <= values.Length; at += stride)
        {
            sum += ReadBits(ref values[at], 0, size * 8, signed: false);
        }

        return sum;
    }

    /// <summary>The sum of a signed integer over all CPUs.</summary>
    /// <param name="values">The values of all CPUs.</param>
    /// <param name="stride">How many bytes each takes.</param>
    /// <param name="offset">Where the integer is in each.</param>
    /// <param name="size">How many bytes it has: 1, 2, 4 or 8.</param>
    /// <returns>The sum, wrapping around.</returns>
    private protected static long SumSigned(byte[] values, int stride, int offset, int size)
    {
        long sum = 0;
        for (var at = offset; at + size <= values.Length; at += stride)
        {
            sum += (long)ReadBits(ref values[at], 0, size * 8, signed: true);
        }

        return sum;
    }

    private static UInt128 ReadBitsWide(ref byte at, int shift, int bits)
    {
        // Up to 17 bytes; never one beyond the last that the field touches.
        UInt128 value = 0;
        var got = -shift;
        for (var i = 0; got < bits; i++, got += 8)
        {
            UInt128 part = Unsafe.Add(ref at, i);
            value |= got >= 0 ? part << got : part >> -got;
        }

        return bits == 128 ? value : value & ((UInt128.One << bits) - 1);
    }
}
