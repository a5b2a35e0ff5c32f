using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Bee.Ebpf;

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
        var descriptor = LibbpfCalls.CreateMap((int)MapType.Array, "bee_state", sizeof(uint), SlotSize, slots, null);
        if (descriptor < 0)
        {
            throw Failed(-descriptor);
        }

        var map = new FdHandle(descriptor);
        try
        {
            fixed (byte* start = content)
            {
                for (uint slot = 0; slot < slots; slot++)
                {
                    Check(LibbpfCalls.Update(descriptor, &slot, start + slot * SlotSize, 0));
                }
            }

            Check(LibbpfCalls.FreezeMap(descriptor));
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
                if (LibbpfCalls.Lookup(map, &slot, start + slot * SlotSize) < 0)
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
