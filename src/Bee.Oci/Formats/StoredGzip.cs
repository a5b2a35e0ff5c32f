using System.Buffers.Binary;

namespace Bee.Oci.Formats;

/// <summary>
/// Writes gzip with stored, uncompressed blocks (RFC 1951, 3.2.4; RFC 1952). The output of zlib differs between its versions, which change with .NET, so a compressed layer would
/// have another digest on another version of .NET.
/// </summary>
internal static class StoredGzip
{
    private const int LargestBlock = ushort.MaxValue;

    private static readonly uint[] s_table = [.. Enumerable.Range(0, 256).Select(n =>
    {
        uint c = (uint)n;
        for (int bit = 0; bit < 8; bit++)
        {
            c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
        }

        return c;
    })];

    /// <summary>Returns the content as a gzip member without a name, a time or an operating system.</summary>
    public static byte[] Write(ReadOnlySpan<byte> content)
    {
        int blocks = Math.Max(1, (content.Length + LargestBlock - 1) / LargestBlock);
        byte[] gzip = new byte[10 + (5 * blocks) + content.Length + 8];
        ReadOnlySpan<byte> header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        header.CopyTo(gzip);
        Span<byte> rest = gzip.AsSpan(header.Length);
        ReadOnlySpan<byte> left = content;
        for (int block = 1; block <= blocks; block++)
        {
            ReadOnlySpan<byte> part = left[..Math.Min(left.Length, LargestBlock)];
            rest[0] = block == blocks ? (byte)1 : (byte)0;
            BinaryPrimitives.WriteUInt16LittleEndian(rest[1..], (ushort)part.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(rest[3..], (ushort)~part.Length);
            part.CopyTo(rest[5..]);
            rest = rest[(5 + part.Length)..];
            left = left[part.Length..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(rest, Checksum(content));
        BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], (uint)content.Length);
        return gzip;
    }

    private static uint Checksum(ReadOnlySpan<byte> content)
    {
        uint c = uint.MaxValue;
        foreach (byte b in content)
        {
            c = s_table[(c ^ b) & 0xFF] ^ (c >> 8);
        }

        return ~c;
    }
}
