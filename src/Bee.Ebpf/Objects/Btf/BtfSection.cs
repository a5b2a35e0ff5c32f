using System.Buffers.Binary;

namespace Bee.Ebpf;

/// <summary>Finds the BTF in a file: the file itself, or the .BTF section of an ELF file such as a vmlinux with debug information.</summary>
public static class BtfSection
{
    /// <summary>The BTF, or null when the file holds none.</summary>
    /// <exception cref="InvalidDataException">The ELF file is damaged or of another byte order or class.</exception>
    public static ReadOnlyMemory<byte>? Find(ReadOnlyMemory<byte> file)
    {
        var bytes = file.Span;
        if (bytes.Length >= 24 && BinaryPrimitives.ReadUInt16LittleEndian(bytes) == 0xeb9f)
        {
            return file;
        }

        if (!bytes.StartsWith("\u007fELF"u8))
        {
            return null;
        }

        if (bytes.Length < 64 || bytes[4] != 2 || bytes[5] != 1)
        {
            throw new InvalidDataException("It is an ELF file, but not a 64-bit little-endian one.");
        }

        var table = BinaryPrimitives.ReadUInt64LittleEndian(bytes[0x28..]);
        var entry = BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x3a..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x3c..]);
        var names = Section(file, table, entry, BinaryPrimitives.ReadUInt16LittleEndian(bytes[0x3e..]), out _);
        for (var index = 0; index < count; index++)
        {
            var content = Section(file, table, entry, index, out var name);
            if (name < (uint)names.Length && names.Span[(int)name..].StartsWith(".BTF\0"u8))
            {
                return content;
            }
        }

        return null;
    }

    private static ReadOnlyMemory<byte> Section(ReadOnlyMemory<byte> file, ulong table, uint entry, int index, out uint name)
    {
        const int HeaderSize = 64;
        const uint HasNoBytes = 8; // SHT_NOBITS
        var length = (ulong)file.Length;
        if (entry < HeaderSize || table > length || (ulong)(index + 1) * entry > length - table)
        {
            throw new InvalidDataException("Its section table is damaged.");
        }

        var header = file.Span.Slice((int)(table + (ulong)index * entry), HeaderSize);
        name = BinaryPrimitives.ReadUInt32LittleEndian(header);
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(header[0x18..]);
        var size = BinaryPrimitives.ReadUInt64LittleEndian(header[0x20..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) == HasNoBytes)
        {
            return default;
        }

        if (offset > length || size > length - offset)
        {
            throw new InvalidDataException("A section reaches beyond its end.");
        }

        return file.Slice((int)offset, (int)size);
    }
}
