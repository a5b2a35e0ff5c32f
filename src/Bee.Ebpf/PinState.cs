using System.Buffers.Binary;
using System.Security.Cryptography;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>What a pinned program's state map holds: its details, the words of its author, and the object file, whose types its events have.</summary>
/// <param name="Id">Tells programs apart that were pinned at one path one after the other.</param>
/// <param name="Details">Name, origin, what streams.</param>
/// <param name="File">The object file, with its author's words.</param>
internal sealed record PinState(Guid Id, PinDetails Details, ObjectFile File)
{
    private sealed record Header : KeptHeader
    {
        public required Guid Id { get; init; }

        public required PinDetails Details { get; init; }
    }

    /// <summary>One line of JSON, then the object file.</summary>
    public byte[] Encode() => KeptObject.Encode(new Header { Id = Id, Details = Details, ObjectName = File.Name, Words = KeptObject.Words(File) }, File);

    /// <summary>Reads what <see cref="Encode"/> wrote; null for anything else.</summary>
    public static PinState? Decode(byte[] bytes) => KeptObject.Decode<Header>(bytes) is (var header, var file) && header.Details is { Name: not null, Origin: not null, Streams: not null }
        ? new PinState(header.Id, header.Details, file)
        : null;
}

/// <summary>
/// Bytes kept in the kernel, in an array map that nobody can write any more: so what is needed to read a pinned program lives and dies with its pins, and
/// there is no second place to guard.
/// </summary>
/// <remarks>The map holds a header (magic, length, SHA-256 of the bytes) and the bytes, in slots of one page.</remarks>
internal static unsafe class StateMap
{
    private const uint SlotSize = 4096, MostSlots = 64 * 1024 * 1024 / SlotSize;
    private const int HeaderSize = 8 + 8 + SHA256.HashSizeInBytes;
    private static ReadOnlySpan<byte> Magic => "beepins1"u8;

    /// <summary>Makes a map of bytes.</summary>
    /// <exception cref="BpfLoadException">The kernel refuses.</exception>
    public static FdHandle Write(ReadOnlySpan<byte> bytes)
    {
        var content = new byte[(HeaderSize + bytes.Length + SlotSize - 1) / SlotSize * SlotSize];
        Magic.CopyTo(content);
        BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(8), bytes.Length);
        SHA256.HashData(bytes, content.AsSpan(16));
        bytes.CopyTo(content.AsSpan(HeaderSize));
        var slots = (uint)(content.Length / SlotSize);
        var fd = LibbpfCalls.bpf_map_create((int)MapType.Array, "bee_state", sizeof(uint), SlotSize, slots, null);
        if (fd < 0)
        {
            throw Failed(-fd);
        }

        var map = new FdHandle(fd);
        try
        {
            fixed (byte* start = content)
            {
                for (uint slot = 0; slot < slots; slot++)
                {
                    Check(LibbpfCalls.bpf_map_update_elem(fd, &slot, start + slot * SlotSize, 0));
                }
            }

            Check(LibbpfCalls.bpf_map_freeze(fd));
            return map;
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>The bytes of such a map; null for any other map, and for one whose bytes are not those that were written.</summary>
    public static byte[]? Read(int map)
    {
        if (KernelObject.FactsOfMap(map) is not { Type: MapType.Array, KeySize: sizeof(uint), ValueSize: SlotSize, MaxEntries: > 0 and <= MostSlots and var slots })
        {
            return null;
        }

        var content = new byte[slots * SlotSize];
        fixed (byte* start = content)
        {
            for (uint slot = 0; slot < slots; slot++)
            {
                if (LibbpfCalls.bpf_map_lookup_elem(map, &slot, start + slot * SlotSize) < 0)
                {
                    return null;
                }
            }
        }

        var length = BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(8));
        if (!content.AsSpan(0, 8).SequenceEqual(Magic) || length < 0 || length > content.Length - HeaderSize)
        {
            return null;
        }

        var bytes = content.AsSpan(HeaderSize, (int)length);
        return content.AsSpan(16, SHA256.HashSizeInBytes).SequenceEqual(SHA256.HashData(bytes)) ? bytes.ToArray() : null;
    }

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw Failed(-result);
        }
    }

    private static BpfLoadException Failed(int errno) => errno is Libc.EPERM or Libc.EACCES
        ? Permissions.Refused("keep the program's description in a map", errno, null, "", perf: false)
        : new BpfLoadException(LoadFault.MapCreate, $"The kernel does not keep the program's description: {Libc.Describe(errno)}.") { Errno = errno };
}

/// <summary>What is kept with pins for whoever finds them.</summary>
public sealed record PinDetails
{
    /// <summary>What to call the program.</summary>
    public required string Name { get; init; }

    /// <summary>Where it came from: an image's reference, or a file's path.</summary>
    public required string Origin { get; init; }

    /// <summary>When it was attached, in universal time.</summary>
    public required DateTime Started { get; init; }

    /// <summary>The names of the maps that stream.</summary>
    public IReadOnlyList<string> Streams { get; init; } = [];

    /// <summary>How often maps that are no event streams are read.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether iterators run again at every interval.</summary>
    public bool RepeatIterators { get; init; }

    /// <summary>Whether every entry of the polled maps is given at every interval.</summary>
    public bool AllEntries { get; init; }
}
