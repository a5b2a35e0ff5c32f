using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Records;

/// <summary>
/// The base class of objects that are decoded from the kernel's bytes: events, map entries, and nested structs and unions. The concrete types are generated, one for each C struct, with a property
/// for each field.
/// </summary>
/// <remarks>
/// An object holds a copy of the record and decodes a value when it is read. An event therefore costs one allocation, and remains valid after the buffer is reused. Objects are immutable and
/// thread-safe. Two objects are equal if they have the same type and the same values.
/// </remarks>
public abstract unsafe class BpfEvent
{
    /// <summary>Creates the base of a generated object.</summary>
    private protected BpfEvent()
    {
    }

    /// <summary>Returns the value of a field.</summary>
    /// <param name="field">The property's name; case does not count.</param>
    /// <exception cref="ArgumentException">The event has no such field.</exception>
    [IndexerName("FieldByName")]
    public object? this[string field] => FieldValues.Of(this, field);

    /// <summary>Sets the traces for the stack ids of the object. Called once, before the object is published.</summary>
    internal void Keep(StackTrace[] traces) => SetTraces(traces);

    /// <summary>The traces for the stack ids of the object; of a stack map's entry, its own stack. Null if there are none.</summary>
    internal StackTrace[]? Traces => GetTraces() ?? (GetStack() is { } stack ? [stack] : null);

    /// <summary>The machine that the object was captured on; null for this machine, and if no value depends on the machine.</summary>
    internal RecordHost? Host => GetHost();

    /// <summary>Sets the machine that the object was captured on. Called once, before the object is published.</summary>
    internal void Bind(RecordHost host) => SetHost(host);

    /// <summary>Stores the machine. Types that do not depend on it ignore it.</summary>
    /// <param name="host">The machine.</param>
    private protected virtual void SetHost(RecordHost host)
    {
    }

    /// <summary>Returns the machine that the object was captured on.</summary>
    /// <returns>The machine, or null.</returns>
    private protected virtual RecordHost? GetHost() => null;

    /// <summary>The container that the object happened in; null for the host, and for types without names of containers.</summary>
    internal ContainerNames? Container => GetContainer();

    /// <summary>Sets the container that the object happened in. Called once, before the object is published. Types without names of containers ignore it.</summary>
    internal void Place(ContainerNames? names) => SetContainer(names);

    /// <summary>The host that the object was read on; null for this one, and for types without the host's name.</summary>
    internal RecordSender? Sender => GetSender();

    /// <summary>Sets the host that the object was read on. Called before the object is published. Types without the host's name ignore it.</summary>
    internal void Mark(RecordSender? sender) => SetSender(sender);

    /// <summary>Stores the names of the container.</summary>
    /// <param name="names">The names, or null.</param>
    private protected virtual void SetContainer(ContainerNames? names)
    {
    }

    /// <summary>Returns the names of the container.</summary>
    /// <returns>The names, or null.</returns>
    private protected virtual ContainerNames? GetContainer() => null;

    /// <summary>Stores the host that the object was read on.</summary>
    /// <param name="sender">The host, or null.</param>
    private protected virtual void SetSender(RecordSender? sender)
    {
    }

    /// <summary>Returns the host that the object was read on.</summary>
    /// <returns>The host, or null.</returns>
    private protected virtual RecordSender? GetSender() => null;

    /// <summary>Returns the traces of the object.</summary>
    /// <returns>The traces, or null.</returns>
    private protected virtual StackTrace[]? GetTraces() => null;

    /// <summary>Returns the stack that the object is, if it is an entry of a stack map.</summary>
    /// <returns>The stack; null for other objects.</returns>
    private protected virtual StackTrace? GetStack() => null;

    /// <summary>Stores the traces. Types without stack ids ignore them.</summary>
    /// <param name="traces">The traces, in the order of the fields.</param>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    private protected virtual void SetTraces(StackTrace[] traces)
    {
    }

    /// <summary>Returns the bytes that follow the C struct in the record, if the program sent more than the struct.</summary>
    /// <returns>A copy; empty if no bytes follow. A perf buffer may add up to seven bytes of padding.</returns>
    public byte[] GetRest() => (byte[])RestBytes().Clone();

    /// <summary>Returns the bytes of a field as the program sent them. A <c>char</c> array includes the bytes behind the NUL.</summary>
    /// <param name="field">The property's name; case does not count.</param>
    /// <returns>A copy. In a truncated record, the bytes that were sent; empty for a flexible array, whose value has all bytes.</returns>
    /// <exception cref="ArgumentException">The event has no such field, or the object is a map entry.</exception>
    public byte[] GetBytes(string field) => FieldBytes.Of(this, RecordBytes(), field);

    internal ReadOnlySpan<byte> BytesOfRecord() => RecordBytes();

    /// <summary>Returns the bytes of the record; none for map entries.</summary>
    /// <returns>A view.</returns>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    private protected virtual ReadOnlySpan<byte> RecordBytes() => [];

    /// <summary>Returns the bytes that follow the C struct in the record.</summary>
    /// <returns>The array itself.</returns>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    private protected virtual byte[] RestBytes() => [];

    /// <summary>Returns the bytes of the flexible array at the end of the record; none for other records.</summary>
    internal ReadOnlySpan<byte> BytesOfOpenEnd() => OpenEnd();

    /// <summary>Returns a view of the bytes that follow the C struct in the record.</summary>
    internal ReadOnlySpan<byte> BytesBehind() => RestBytes();

    /// <summary>Returns the offset of the flexible array in the record; -1 for other records.</summary>
    internal int OpenEndAt() => OpenAt();

    /// <summary>Returns the bytes of the flexible array at the end of the record.</summary>
    /// <returns>The array itself.</returns>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    private protected virtual byte[] OpenEnd() => [];

    /// <summary>Returns the offset of <see cref="OpenEnd"/> in the record.</summary>
    /// <returns>The offset; -1 for records without a flexible array.</returns>
    [System.ComponentModel.EditorBrowsable(System.ComponentModel.EditorBrowsableState.Never)]
    private protected virtual int OpenAt() => -1;

    /// <summary>Formats all fields as one line of JSON, for example for a nested struct in a CSV file.</summary>
    /// <returns>A JSON object with enums by name, the same in every culture.</returns>
    public override string ToString() => JsonText.Of(this);

    /// <summary>Formats all fields as one line of JSON for another program: as <see cref="ToString"/>, but with times in UTC.</summary>
    /// <returns>
    /// A JSON object. Enums are written by name, and integers of 64 and 128 bits with all digits. Control characters and characters that hide or reorder text are escaped. Invalid UTF-8 becomes U+FFFD.
    /// </returns>
    public string ToJson() => JsonText.Of(this, utc: true);

    /// <summary>Returns whether another object has the same type and the same values.</summary>
    /// <param name="obj">The other object.</param>
    /// <returns>
    /// True if they are equal. Padding, and bytes behind the NUL of a text, are ignored. So are the names of the container: they follow from the other values, and may become known later.
    /// </returns>
    public override bool Equals(object? obj) =>
        ReferenceEquals(this, obj) || (obj is BpfEvent other && obj.GetType() == GetType() && JsonText.ToCompare(other) == JsonText.ToCompare(this));

    /// <summary>Returns a hash code of all values.</summary>
    /// <returns>The hash code, valid within this process.</returns>
    public override int GetHashCode() => JsonText.ToCompare(this).GetHashCode(StringComparison.Ordinal);

    /// <summary>Returns the name of the container.</summary>
    /// <param name="names">The names; null for the host.</param>
    private protected static string? ReadContainer(ContainerNames? names) => names?.Container;

    /// <summary>Returns the image of the container.</summary>
    /// <param name="names">The names; null for the host.</param>
    private protected static string? ReadImage(ContainerNames? names) => names?.Image;

    /// <summary>Returns the name of the pod.</summary>
    /// <param name="names">The names; null for the host.</param>
    private protected static string? ReadPod(ContainerNames? names) => names?.Pod;

    /// <summary>Returns the namespace of the pod.</summary>
    /// <param name="names">The names; null for the host.</param>
    private protected static string? ReadNamespace(ContainerNames? names) => names?.Namespace;

    /// <summary>Returns the name of the node.</summary>
    /// <param name="names">The names; null for the host.</param>
    private protected static string? ReadNode(ContainerNames? names) => names?.Node;

    /// <summary>Returns the owner of the pod.</summary>
    /// <param name="names">The names; null for the host.</param>
    private protected static string? ReadOwner(ContainerNames? names) => names?.Owner;

    /// <summary>Returns the labels of the pod.</summary>
    /// <param name="names">The names; null for the host.</param>
    private protected static string? ReadLabels(ContainerNames? names) => names?.LabelText;

    /// <summary>Returns the name of the host that the object was read on.</summary>
    /// <param name="sender">The host; null for this one.</param>
    private protected static string? ReadComputerName(RecordSender? sender) => sender?.ComputerName;

    /// <summary>Returns whether the object arrived after later ones.</summary>
    /// <param name="sender">The host; null for this one.</param>
    private protected static bool ReadLate(RecordSender? sender) => sender?.Late == true;

    /// <summary>Reads text up to the first NUL or the end. Invalid UTF-8 becomes U+FFFD.</summary>
    /// <param name="at">The first byte.</param>
    /// <param name="length">The number of bytes.</param>
    /// <returns>The text.</returns>
    private protected static string ReadText(ref byte at, int length)
    {
        var bytes = MemoryMarshal.CreateReadOnlySpan(ref at, length);
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    /// <summary>Reads words that end with a NUL each, up to the last word that is not empty.</summary>
    /// <param name="at">The first byte.</param>
    /// <param name="length">The number of bytes.</param>
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

    /// <summary>Reads words behind the fixed part of a record.</summary>
    /// <param name="rest">The bytes behind the fixed part.</param>
    /// <param name="skip">The offset of the words in these bytes.</param>
    /// <returns>The words.</returns>
    private protected static BpfArray<string> ReadRestWords(byte[] rest, int skip) => skip >= rest.Length ? new BpfArray<string>([]) : ReadWords(ref rest[skip], rest.Length - skip);

    /// <summary>Reads an IPv4 address in network byte order.</summary>
    /// <param name="at">The first of 4 bytes.</param>
    /// <returns>The address as text.</returns>
    private protected static string ReadIpv4(ref byte at) => AddressText.Ipv4(MemoryMarshal.CreateReadOnlySpan(ref at, 4));

    /// <summary>Reads an IPv6 address in network byte order.</summary>
    /// <param name="at">The first of 16 bytes.</param>
    /// <returns>The address as text.</returns>
    private protected static string ReadIpv6(ref byte at) => AddressText.Ipv6(MemoryMarshal.CreateReadOnlySpan(ref at, 16));

    /// <summary>Reads a MAC address.</summary>
    /// <param name="at">The first of 6 bytes.</param>
    /// <returns>The address as text.</returns>
    private protected static string ReadMac(ref byte at) => AddressText.Mac(MemoryMarshal.CreateReadOnlySpan(ref at, 6));

    /// <summary>Reads the flags of open(2).</summary>
    /// <param name="at">The first of 4 bytes.</param>
    /// <param name="architecture">The architecture that defines the values.</param>
    /// <returns>The names, separated by bars.</returns>
    private protected static string ReadFileFlags(ref byte at, Architecture architecture) => FileText.Flags(Unsafe.ReadUnaligned<uint>(ref at), architecture);

    /// <summary>Reads the mode of a file.</summary>
    /// <param name="at">The first of 4 bytes.</param>
    /// <returns>Ten characters, as ls prints them.</returns>
    private protected static string ReadFileMode(ref byte at) => FileText.Mode(Unsafe.ReadUnaligned<uint>(ref at));

    /// <summary>Reads the key of an LPM trie.</summary>
    /// <param name="at">The first byte; the key begins with the prefix length.</param>
    /// <param name="offset">The offset of the address.</param>
    /// <param name="size">4 for IPv4, 16 for IPv6.</param>
    /// <returns>Text such as 10.0.0.0/8.</returns>
    private protected static string ReadPrefix(ref byte at, int offset, int size)
    {
        var address = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref at, offset), size);
        return string.Create(CultureInfo.InvariantCulture, $"{(size == 4 ? AddressText.Ipv4(address) : AddressText.Ipv6(address))}/{Unsafe.ReadUnaligned<uint>(ref at)}");
    }

    /// <summary>Reads an IPv4 or IPv6 address, optionally with a port.</summary>
    /// <param name="at">The first byte of the address, which is in network byte order.</param>
    /// <param name="version">The offset of the version, 4 or 6.</param>
    /// <param name="port">The offset of the port in host byte order; -1 for none.</param>
    /// <returns>Text such as 192.0.2.1:80 or [2001:db8::1]:80; empty for another version.</returns>
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

    /// <summary>Reads a stack from a stack map's value, without symbols of a process.</summary>
    /// <param name="at">The first byte.</param>
    /// <param name="size">The size of the value in bytes.</param>
    /// <param name="byBuildId">Whether the map keeps build ids.</param>
    /// <param name="traces">The resolved trace, if there is one.</param>
    /// <returns>The trace.</returns>
    private protected static StackTrace ReadStack(ref byte at, int size, bool byBuildId, StackTrace[]? traces) =>
        traces is [var trace, ..] ? trace : StackReader.Read(null, MemoryMarshal.CreateReadOnlySpan(ref at, size), byBuildId, process: 0);

    /// <summary>Returns one of the resolved traces.</summary>
    /// <param name="traces">All traces; null if none were resolved.</param>
    /// <param name="index">The index of the trace.</param>
    /// <param name="id">The first byte of the stack id.</param>
    /// <returns>The trace; without frames if it was not resolved.</returns>
    private protected static StackTrace TraceAt(StackTrace[]? traces, int index, ref byte id) =>
        traces is not null && index < traces.Length ? traces[index] : new StackTrace(Unsafe.ReadUnaligned<int>(ref id), Errno.ENOENT, []);

    /// <summary>Returns a view of bytes of the object.</summary>
    /// <param name="at">The first byte.</param>
    /// <param name="length">The number of bytes.</param>
    /// <returns>The view.</returns>
    private protected static ReadOnlySpan<byte> ViewBytes(ref byte at, int length) => MemoryMarshal.CreateReadOnlySpan(ref at, length);

    /// <summary>Returns a view of an array.</summary>
    /// <param name="bytes">The array.</param>
    /// <returns>The view.</returns>
    private protected static ReadOnlySpan<byte> ViewArray(byte[] bytes) => bytes;

    /// <summary>Reads a 128-bit integer.</summary>
    /// <param name="at">The first of 16 bytes.</param>
    /// <param name="signed">Whether the integer is signed.</param>
    /// <returns>The number.</returns>
    private protected static BigInteger ReadInt128(ref byte at, bool signed) =>
        new(MemoryMarshal.CreateReadOnlySpan(ref at, 16), isUnsigned: !signed);

    /// <summary>Reads a <c>float</c> as the double with the same digits, so that 1.1f equals the literal 1.1. Casting it to float restores the original value.</summary>
    /// <param name="at">The first of 4 bytes.</param>
    /// <returns>The number.</returns>
    private protected static double ReadFloat(ref byte at)
    {
        var value = Unsafe.ReadUnaligned<float>(ref at);
        return !float.IsFinite(value) || value == MathF.Truncate(value)
            ? value
            : double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    /// <summary>Reads a bit field of at most 64 bits, which may span 9 bytes.</summary>
    /// <param name="at">The byte that contains the first bit.</param>
    /// <param name="shift">The position of the first bit in that byte.</param>
    /// <param name="bits">The number of bits.</param>
    /// <param name="signed">Whether the bit field is signed.</param>
    /// <returns>The number, sign-extended.</returns>
    internal static ulong ReadBits(ref byte at, int shift, int bits, bool signed)
    {
        var value = (ulong)(ReadBitsWide(ref at, shift, bits) & ulong.MaxValue);
        return signed ? (ulong)((long)(value << (64 - bits)) >> (64 - bits)) : value;
    }

    /// <summary>Reads a bit field of more than 64 bits.</summary>
    /// <param name="at">The byte that contains the first bit.</param>
    /// <param name="shift">The position of the first bit in that byte.</param>
    /// <param name="bits">The number of bits, at most 128.</param>
    /// <param name="signed">Whether the bit field is signed.</param>
    /// <returns>The number.</returns>
    private protected static BigInteger ReadWideBits(ref byte at, int shift, int bits, bool signed)
    {
        BigInteger value = ReadBitsWide(ref at, shift, bits);
        return signed && !(value >> (bits - 1)).IsZero ? value - (BigInteger.One << bits) : value;
    }

    /// <summary>Reads a timestamp of the monotonic clock.</summary>
    /// <param name="at">The first of 8 bytes.</param>
    /// <param name="host">The machine that the timestamp comes from; null for this one.</param>
    /// <returns>The local time.</returns>
    private protected static DateTime ReadMonotonic(ref byte at, RecordHost? host) => Unsafe.ReadUnaligned<ulong>(ref at) is var stamp && host is null ? EventClock.FromMonotonic(stamp) : host.Clock.FromMonotonic(stamp);

    /// <summary>Reads a timestamp of the boot-time clock.</summary>
    /// <param name="at">The first of 8 bytes.</param>
    /// <param name="host">The machine that the timestamp comes from; null for this one.</param>
    /// <returns>The local time.</returns>
    private protected static DateTime ReadBootTime(ref byte at, RecordHost? host) => Unsafe.ReadUnaligned<ulong>(ref at) is var stamp && host is null ? EventClock.FromBootTime(stamp) : host.Clock.FromBootTime(stamp);

    /// <summary>Converts an error number, positive or negative.</summary>
    /// <param name="number">The number, truncated to 32 bits.</param>
    /// <returns>The error.</returns>
    private protected static Errno ToErrno(int number) => (Errno)(number < 0 && number != int.MinValue ? -number : number);

    /// <summary>Reads an array of bytes.</summary>
    /// <param name="at">The first byte.</param>
    /// <param name="count">The number of bytes.</param>
    /// <returns>A copy.</returns>
    private protected static BpfArray<byte> ReadBytes(ref byte at, int count) => new(MemoryMarshal.CreateReadOnlySpan(ref at, count).ToArray());

    /// <summary>Reads an array.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="at">The first byte of the first element.</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="stride">The size of an element in bytes.</param>
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

    /// <summary>Reads a flexible array, as many whole elements as the rest of the record contains.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="rest">The bytes behind the fixed part.</param>
    /// <param name="skip">The offset of the array in these bytes.</param>
    /// <param name="stride">The size of an element in bytes.</param>
    /// <param name="read">As for <see cref="ReadArray{T}"/>.</param>
    /// <param name="host">The machine that the object comes from; null for this one.</param>
    /// <returns>All elements.</returns>
    private protected static BpfArray<T> ReadRest<T>(byte[] rest, int skip, int stride, nint read, RecordHost? host)
    {
        var left = stride == 0 ? 0 : Math.Max(0, rest.Length - skip);
        return left < stride || left == 0 ? new BpfArray<T>([]) : ReadArray<T>(ref rest[skip], left / stride, stride, read, host);
    }

    /// <summary>Reads flexible text, up to the first NUL or the end of the record.</summary>
    /// <param name="rest">The bytes behind the fixed part.</param>
    /// <param name="skip">The offset of the text in these bytes.</param>
    /// <returns>The text.</returns>
    private protected static string ReadRestText(byte[] rest, int skip) => skip >= rest.Length ? "" : ReadText(ref rest[skip], rest.Length - skip);

    /// <summary>Copies the bytes behind the fixed part of a record.</summary>
    /// <param name="data">The first byte of the record.</param>
    /// <param name="length">The length of the record.</param>
    /// <param name="offset">The end of the fixed part.</param>
    /// <returns>A copy.</returns>
    private protected static byte[] CopyRest(ref byte data, int length, int offset) =>
        MemoryMarshal.CreateReadOnlySpan(ref data, length)[offset..].ToArray();

    /// <summary>Adds up an unsigned integer over all CPUs.</summary>
    /// <param name="values">The values of all CPUs.</param>
    /// <param name="stride">The size of one CPU's value in bytes.</param>
    /// <param name="offset">The offset of the integer in each value.</param>
    /// <param name="size">The size of the integer in bytes: 1, 2, 4 or 8.</param>
    /// <returns>The sum, which wraps around.</returns>
    private protected static ulong SumUnsigned(byte[] values, int stride, int offset, int size)
    {
        ulong sum = 0;
        for (var at = offset; at + size <= values.Length; at += stride)
        {
            sum += ReadBits(ref values[at], 0, size * 8, signed: false);
        }

        return sum;
    }

    /// <summary>Adds up a signed integer over all CPUs.</summary>
    /// <param name="values">The values of all CPUs.</param>
    /// <param name="stride">The size of one CPU's value in bytes.</param>
    /// <param name="offset">The offset of the integer in each value.</param>
    /// <param name="size">The size of the integer in bytes: 1, 2, 4 or 8.</param>
    /// <returns>The sum, which wraps around.</returns>
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
