using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>The state of a pinned session: its details, and the object with its metadata, which defines the types of its events.</summary>
/// <param name="Id">Distinguishes sessions that were pinned to the same path one after the other.</param>
/// <param name="Details">The details.</param>
/// <param name="File">The object with its metadata.</param>
internal sealed record PinState(Guid Id, PinDetails Details, ObjectFile File)
{
    private sealed record Header : KeptHeader
    {
        public required Guid Id { get; init; }

        public required PinDetails Details { get; init; }
    }

    /// <summary>Encodes the state as one line of JSON, followed by the object file.</summary>
    public byte[] Encode() => KeptObject.Encode(new Header { Id = Id, Details = Details, ObjectName = File.Name, Metadata = KeptObject.Metadata(File) }, File);

    /// <summary>Decodes the bytes of <see cref="Encode"/>; null for other bytes.</summary>
    public static PinState? Decode(byte[] bytes) => KeptObject.Decode<Header>(bytes) is (var header, var file) && header.Details is { Name: not null, Origin: not null, Streams: not null }
        ? new PinState(header.Id, header.Details, file)
        : null;
}

/// <summary>
/// Keeps bytes in a frozen array map in the kernel. The state of a pinned session thus has the same lifetime and protection as its pins.
/// </summary>
/// <remarks>The map has a header (magic, length, SHA-256 of the bytes) and the bytes, in slots of one page.</remarks>
internal static unsafe class StateMap
{
    private const uint SlotSize = 4096, MostSlots = 64 * 1024 * 1024 / SlotSize;
    private const int HeaderSize = 8 + 8 + SHA256.HashSizeInBytes;
    private static ReadOnlySpan<byte> Magic => "beepins1"u8;

    /// <summary>Creates a map with the bytes.</summary>
    /// <exception cref="BpfLoadException">The kernel does not create or fill the map.</exception>
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

    /// <summary>Returns the bytes of a map that <see cref="Write"/> created; null for another map, or if the hash does not match.</summary>
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
        ? Permissions.Refused("keep the state of the pins in a map", errno, null, "", perf: false)
        : new BpfLoadException(LoadFault.MapCreate, $"The kernel does not create the map for the state of the pins: {Libc.Describe(errno)}.") { Errno = errno };
}

/// <summary>Details that are kept with pins.</summary>
public sealed record PinDetails
{
    /// <summary>The display name of the session.</summary>
    public required string Name { get; init; }

    /// <summary>The origin of the object: an image reference or a file path.</summary>
    public required string Origin { get; init; }

    /// <summary>The time when it was attached, in UTC.</summary>
    public required DateTime Started { get; init; }

    /// <summary>The names of the maps whose events are streamed.</summary>
    public IReadOnlyList<string> Streams { get; init; } = [];

    /// <summary>The interval at which other maps are read.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether iterators run at every interval.</summary>
    public bool RepeatIterators { get; init; }

    /// <summary>Whether every interval returns all entries of the polled maps, not only changed ones.</summary>
    public bool AllEntries { get; init; }

    /// <summary>Whether events have no names of containers.</summary>
    [JsonInclude]
    internal bool NoContainers { get; init; }

    /// <summary>Whether events have the owners and labels of pods.</summary>
    [JsonInclude]
    internal bool PodMetadata { get; init; }

    /// <summary>The containers that the session is limited to; null for no limit.</summary>
    [JsonInclude]
    internal PinnedLimit? Limit { get; init; }
}

/// <summary>A limit of a pinned session to some containers: patterns of names, or null for any.</summary>
/// <param name="Containers">Names or ids of containers.</param>
/// <param name="Pods">Names of pods.</param>
/// <param name="Namespaces">Kubernetes namespaces.</param>
internal sealed record PinnedLimit(string[]? Containers, string[]? Pods, string[]? Namespaces);
