using System.Buffers.Binary;

namespace Bee.Ebpf.Btf;

/// <summary>Turns the BTF of a big-endian machine round, so that it can be read here.</summary>
public static class BtfByteOrder
{
    private const ushort Magic = 0xeb9f;
    private const int HeaderLength = 24;

    /// <summary>Whether the bytes begin as raw BTF of a big-endian machine.</summary>
    public static bool IsBigEndian(ReadOnlySpan<byte> section) => section.Length >= HeaderLength && BinaryPrimitives.ReadUInt16BigEndian(section) == Magic;

    /// <summary>The same types, little-endian.</summary>
    /// <param name="section">Big-endian BTF; nothing in it is believed yet.</param>
    /// <returns>A copy with each word turned round. Whatever was wrong with it still is, so that its reader finds it.</returns>
    public static byte[] ToLittleEndian(ReadOnlySpan<byte> section)
    {
        byte[] turned = section.ToArray();
        turned.AsSpan(0, 2).Reverse();
        Turn(turned, 4, HeaderLength);

        // Beside the strings all of it is words of four bytes, whatever the kinds of the types are.
        uint header = BinaryPrimitives.ReadUInt32LittleEndian(turned.AsSpan(4));
        ulong start = (ulong)header + BinaryPrimitives.ReadUInt32LittleEndian(turned.AsSpan(8));
        ulong end = start + BinaryPrimitives.ReadUInt32LittleEndian(turned.AsSpan(12));
        if (start >= HeaderLength && end <= (ulong)turned.Length)
        {
            Turn(turned, (int)start, (int)end);
        }

        return turned;
    }

    private static void Turn(byte[] bytes, int start, int end)
    {
        for (int at = start; at + 4 <= end; at += 4)
        {
            bytes.AsSpan(at, 4).Reverse();
        }
    }
}
