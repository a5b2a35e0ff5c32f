using System.Buffers.Binary;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Btf;

/// <summary>Reads the outer structure of a BTF section: header, strings, and the offset of each type's record.</summary>
internal static class BtfReader
{
    private const ushort Magic = 0xeb9f;
    private const int HeaderLength = 24;

    // The limit of libbpf: offsets of strings have 31 bits.
    private const uint MaxStrings = 0x7fff_fffe;

    public static BtfTable Read(byte[] section, BtfTable? below)
    {
        if (section.Length < HeaderLength)
        {
            throw Damaged($"the header needs {HeaderLength} bytes, but the section has {section.Length}");
        }

        var magic = BinaryPrimitives.ReadUInt16LittleEndian(section);
        if (magic == BinaryPrimitives.ReverseEndianness(Magic))
        {
            throw new BpfObjectException(ObjectFault.WrongEndianness, "The type information (BTF) is big-endian. Compile for this machine: clang -target bpfel.");
        }

        if (magic != Magic || section[2] != 1)
        {
            throw Damaged($"it begins with 0x{magic:x4}, version {section[2]}, instead of 0xeb9f, version 1");
        }

        var header = BinaryPrimitives.ReadUInt32LittleEndian(section.AsSpan(4));
        var typesOffset = BinaryPrimitives.ReadUInt32LittleEndian(section.AsSpan(8));
        var typesLength = BinaryPrimitives.ReadUInt32LittleEndian(section.AsSpan(12));
        var stringsOffset = BinaryPrimitives.ReadUInt32LittleEndian(section.AsSpan(16));
        var stringsLength = BinaryPrimitives.ReadUInt32LittleEndian(section.AsSpan(20));
        if (header < HeaderLength || header > section.Length || header % 4 != 0)
        {
            throw Damaged($"its header claims {header} bytes");
        }

        var left = (ulong)section.Length - header;
        if ((ulong)typesOffset + typesLength > stringsOffset || (ulong)stringsOffset + stringsLength > left || typesOffset % 4 != 0)
        {
            throw Damaged("types and strings do not fit into the section");
        }

        var strings = section.AsSpan((int)(header + stringsOffset), (int)stringsLength);
        if (!AreTerminated(strings, below is not null) || (ulong)stringsLength + (ulong)(below?.StringsLength ?? 0) > MaxStrings)
        {
            throw Damaged("its string table does not begin and end with NUL");
        }

        var types = (int)(header + typesOffset);
        var offsets = Offsets(section.AsSpan(types, (int)typesLength), below?.TypeCount ?? 0);
        return new BtfTable(section, types, (int)(header + stringsOffset), (int)stringsLength, offsets, below);
    }

    // The empty name comes first. A split section has it in its base.
    private static bool AreTerminated(ReadOnlySpan<byte> strings, bool isSplit) =>
        strings.IsEmpty ? isSplit : (isSplit || strings[0] == 0) && strings[^1] == 0;

    public static BpfObjectException Damaged(string what) =>
        new(ObjectFault.DamagedBtf, $"The type information (BTF) is damaged: {what}. Compile the program again.");

    private static int[] Offsets(ReadOnlySpan<byte> types, int first)
    {
        var offsets = new List<int>(types.Length / 24 + 1);
        if (first == 0)
        {
            offsets.Add(0); // void
        }

        var at = 0;
        while (at < types.Length)
        {
            if (types.Length - at < 12)
            {
                throw Damaged($"type {first + offsets.Count} is cut off");
            }

            var info = BinaryPrimitives.ReadUInt32LittleEndian(types[(at + 4)..]);
            var count = (int)(info & 0xffff);
            var length = 12 + (BtfKind)(info >> 24 & 0x1f) switch
            {
                BtfKind.Forward or BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict or BtfKind.Pointer or BtfKind.Typedef
                    or BtfKind.Function or BtfKind.Float or BtfKind.TypeTag => 0,
                BtfKind.Int or BtfKind.Variable or BtfKind.DeclarationTag => 4,
                BtfKind.Array => 12,
                BtfKind.Enum or BtfKind.FunctionPrototype => 8 * count,
                BtfKind.Enum64 or BtfKind.Struct or BtfKind.Union or BtfKind.DataSection => 12 * count,
                _ => throw Damaged($"type {first + offsets.Count} has the unknown kind {info >> 24 & 0x1f}"),
            };
            if (types.Length - at < length)
            {
                throw Damaged($"type {first + offsets.Count} is cut off");
            }

            offsets.Add(at);
            at += length;
        }

        return offsets.ToArray();
    }
}

/// <summary>Finds the BTF in a file: raw BTF, or the .BTF section of an ELF file such as a vmlinux with debug information.</summary>
internal static class BtfSection
{
    /// <summary>Returns the BTF, or null if the file contains none.</summary>
    /// <exception cref="InvalidDataException">The ELF file is damaged, or is not 64-bit little-endian.</exception>
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

        if (bytes.Length < ElfHeader.Size || bytes[4] != 2 || bytes[5] != 1)
        {
            throw new InvalidDataException("The ELF file is not 64-bit little-endian.");
        }

        var header = ElfHeader.Read(bytes);
        var names = Section(file, header, header.NameSection, out _);
        for (var index = 0; index < header.SectionCount; index++)
        {
            var content = Section(file, header, index, out var name);
            if (name < (uint)names.Length && names.Span[(int)name..].StartsWith(".BTF\0"u8))
            {
                return content;
            }
        }

        return null;
    }

    // Entries may be longer than required, and an empty section may have any offset.
    private static ReadOnlyMemory<byte> Section(ReadOnlyMemory<byte> file, ElfHeader header, int index, out uint name)
    {
        var (length, table, entry) = ((ulong)file.Length, header.SectionTable, (ulong)header.SectionLength);
        if (entry < ElfSectionEntry.Size || table > length || (ulong)(index + 1) * entry > length - table)
        {
            throw new InvalidDataException("The section table is damaged.");
        }

        var section = ElfSectionEntry.Read(file.Span[(int)(table + (ulong)index * entry)..], 0);
        name = section.Name;
        if (section.Type == ElfSectionType.NoBits)
        {
            return default;
        }

        if (section.Offset > length || section.Length > length - section.Offset)
        {
            throw new InvalidDataException("A section extends beyond the end of the file.");
        }

        return file.Slice((int)section.Offset, (int)section.Length);
    }
}
