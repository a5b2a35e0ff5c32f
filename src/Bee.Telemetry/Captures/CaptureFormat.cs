using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Bee.Telemetry.Captures;

/// <summary>
/// The binary format of a capture file (docs/captures.md): a preamble, then chunks with a header of <see cref="ChunkHeader.Size"/> bytes each. All numbers are little-endian.
/// </summary>
internal static class CaptureFormat
{
    /// <summary>The version that this code writes, and the newest that it reads.</summary>
    public const int Version = 1;

    /// <summary>The size of the preamble: the magic, the version and four zero bytes.</summary>
    public const int PreambleSize = 16;

    /// <summary>The maximum size of a chunk in bytes, stored or unpacked. It keeps a crafted file from exhausting the reader's memory.</summary>
    public const int LargestChunk = 64 << 20;

    /// <summary>The maximum size of a head or an end in bytes.</summary>
    public const int LargestDocument = 1 << 20;

    /// <summary>The extension of capture files.</summary>
    public const string Extension = ".beecap";

    /// <summary>The first bytes of a capture file. The first byte is not ASCII and the last one is a newline, so a transfer in text mode damages the magic.</summary>
    public static ReadOnlySpan<byte> Magic => [0x89, (byte)'B', (byte)'E', (byte)'E', (byte)'C', (byte)'A', (byte)'P', 0x0a];

    /// <summary>Writes the preamble.</summary>
    public static void WritePreamble(Span<byte> to)
    {
        to[..PreambleSize].Clear();
        Magic.CopyTo(to);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], Version);
    }
}

/// <summary>The kinds of chunks. Each number is four ASCII letters.</summary>
internal enum ChunkKind : uint
{
    /// <summary>HEAD, the first chunk: a JSON document with the place and time of the recording.</summary>
    Head = 0x44414548,

    /// <summary>DATA: packed events and losses.</summary>
    Data = 0x41544144,

    /// <summary>DONE, the last chunk of a complete file: a JSON document with the totals.</summary>
    Done = 0x454e4f44,

    /// <summary>BEAT, only in streams: the times of a <see cref="Heartbeat"/>.</summary>
    Beat = 0x54414542,

    /// <summary>TEXT, only in streams: a <see cref="StreamMessage"/>.</summary>
    Text = 0x54584554,
}

/// <summary>The encodings of a chunk's content.</summary>
internal enum ChunkEncoding : uint
{
    /// <summary>Not compressed.</summary>
    Plain = 0,

    /// <summary>A raw deflate stream (RFC 1951).</summary>
    Deflate = 1,
}

/// <summary>The header of a chunk.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct ChunkHeader
{
    /// <summary>The size of a header in bytes.</summary>
    public const int Size = 48;

    private const int CrcAt = 20;

    /// <summary>The kind of the chunk.</summary>
    public ChunkKind Kind { get; init; }

    /// <summary>The encoding of the content.</summary>
    public ChunkEncoding Encoding { get; init; }

    /// <summary>The number of bytes after the header.</summary>
    public uint Stored { get; init; }

    /// <summary>The length of the unpacked content in bytes.</summary>
    public uint Length { get; init; }

    /// <summary>The number of events in the chunk.</summary>
    public uint Events { get; init; }

    /// <summary>The number of lost events that the chunk reports.</summary>
    public ulong Lost { get; init; }

    /// <summary>The time of the first item, in ticks of <see cref="DateTime"/>, UTC.</summary>
    public long First { get; init; }

    /// <summary>The time when the chunk was closed, in the same unit.</summary>
    public long Last { get; init; }

    /// <summary>Reads a header.</summary>
    public static ChunkHeader Read(ReadOnlySpan<byte> from) => new()
    {
        Kind = (ChunkKind)BinaryPrimitives.ReadUInt32LittleEndian(from),
        Encoding = (ChunkEncoding)BinaryPrimitives.ReadUInt32LittleEndian(from[4..]),
        Stored = BinaryPrimitives.ReadUInt32LittleEndian(from[8..]),
        Length = BinaryPrimitives.ReadUInt32LittleEndian(from[12..]),
        Events = BinaryPrimitives.ReadUInt32LittleEndian(from[16..]),
        Lost = BinaryPrimitives.ReadUInt64LittleEndian(from[24..]),
        First = BinaryPrimitives.ReadInt64LittleEndian(from[32..]),
        Last = BinaryPrimitives.ReadInt64LittleEndian(from[40..]),
    };

    /// <summary>Writes the header in front of the content, with a checksum of both.</summary>
    /// <param name="chunk">The space for the header, followed by the content.</param>
    public void Write(Span<byte> chunk)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(chunk, (uint)Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[4..], (uint)Encoding);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[8..], Stored);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[12..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[16..], Events);
        BinaryPrimitives.WriteUInt64LittleEndian(chunk[24..], Lost);
        BinaryPrimitives.WriteInt64LittleEndian(chunk[32..], First);
        BinaryPrimitives.WriteInt64LittleEndian(chunk[40..], Last);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[CrcAt..], Checksum(chunk[..Size], chunk[Size..]));
    }

    /// <summary>Reports whether the checksum in a header matches the header and the content.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> header, ReadOnlySpan<byte> content) =>
        BinaryPrimitives.ReadUInt32LittleEndian(header[CrcAt..]) == Checksum(header, content);

    // CRC-32C of all bytes except the checksum itself.
    private static uint Checksum(ReadOnlySpan<byte> header, ReadOnlySpan<byte> content) =>
        ~Crc32C(Crc32C(Crc32C(uint.MaxValue, header[..CrcAt]), header[(CrcAt + sizeof(uint))..Size]), content);

    private static uint Crc32C(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte one in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return crc;
    }
}
