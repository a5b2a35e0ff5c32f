using System.Buffers.Binary;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Elf;

/// <summary>Reads the ELF header and distinguishes files that are not BPF objects from damaged ones.</summary>
internal static class ElfHeaderCheck
{
    private const int RelocatableType = 1;
    private const int BpfMachine = 247;

    public static ElfHeader Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 4 || file[0] != 0x7f || file[1] != 'E' || file[2] != 'L' || file[3] != 'F')
        {
            throw new BpfObjectException(ObjectFault.NotElf, $"This is not an ELF file{NotElfHint(file)}.");
        }

        if (file.Length < 20)
        {
            throw Truncated(ElfHeader.Size, file.Length);
        }

        var bigEndian = file[5] == 2;
        var type = Half(file, 16, bigEndian);
        var machine = Half(file, 18, bigEndian);
        if (machine != BpfMachine)
        {
            var what = $"This is an ELF file for {MachineName(machine)}, not BPF";
            throw new BpfObjectException(ObjectFault.NotBpf, $"{what}. Compile the C source with clang -target bpf.");
        }

        if (bigEndian)
        {
            throw new BpfObjectException(
                ObjectFault.WrongEndianness, "This BPF object is big-endian. Compile it with clang -target bpfel, or -target bpf on a little-endian machine.");
        }

        if (file[4] != 2 || file[5] != 1 || file[6] != 1)
        {
            throw ElfFile.Damaged($"the header names class {file[4]}, encoding {file[5]}, version {file[6]} instead of 2, 1, 1");
        }

        if (type != RelocatableType)
        {
            throw new BpfObjectException(ObjectFault.NotBpf, "This BPF file is linked. Compile with clang -c, which leaves it relocatable.");
        }

        if (file.Length < ElfHeader.Size)
        {
            throw Truncated(ElfHeader.Size, file.Length);
        }

        return ReadTable(file);
    }

    private static ElfHeader ReadTable(ReadOnlySpan<byte> file)
    {
        var header = ElfHeader.Read(file);
        if (header.Version != 1 || header.Length != ElfHeader.Size || header.SectionLength != ElfSectionEntry.Size || header.SegmentCount != 0)
        {
            throw ElfFile.Damaged("the header's own sizes are wrong");
        }

        // Values from 0xff00 on mean that the number is stored elsewhere. No BPF object has that many sections.
        var (table, count, names) = (header.SectionTable, header.SectionCount, header.NameSection);
        if (table < ElfHeader.Size || table % 8 != 0 || count is 0 or >= 0xff00 || names == 0 || names >= count)
        {
            throw ElfFile.Damaged($"the header claims {count} sections at offset {table}, with their names in section {names}");
        }

        var end = (UInt128)table + (UInt128)count * ElfSectionEntry.Size;
        return end <= (ulong)file.Length ? header : throw Truncated(end, file.Length);
    }

    public static BpfObjectException Truncated(UInt128 expected, int found) =>
        new(ObjectFault.Truncated, $"This BPF object is cut off: it has {found} bytes, but its headers describe {expected}. Copy or compile it again.");

    private static int Half(ReadOnlySpan<byte> file, int offset, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(file[offset..]) : BinaryPrimitives.ReadUInt16LittleEndian(file[offset..]);

    private static string NotElfHint(ReadOnlySpan<byte> file) => file switch
    {
        [] => ": it is empty",
        [(byte)'M', (byte)'Z', ..] => " but a Windows program",
        [0x1f, 0x8b, ..] => ": it is compressed with gzip; unpack it first",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => ": it is compressed with zstd; unpack it first",
        [(byte)'P', (byte)'K', ..] => " but a zip archive",
        [(byte)'B', (byte)'C', 0xc0, 0xde, ..] => " but LLVM bitcode; compile without -emit-llvm and -flto",
        [(byte)'!', (byte)'<', (byte)'a', (byte)'r', ..] => " but an ar archive",
        [(byte)'{' or (byte)'[', ..] => " but looks like JSON",
        _ when IsText(file) => " but text; C source must be compiled first, with clang -target bpf -g -O2 -c",
        _ => "",
    };

    private static bool IsText(ReadOnlySpan<byte> file)
    {
        foreach (var b in file[..Math.Min(file.Length, 512)])
        {
            if (b is < 32 and not ((byte)'\n' or (byte)'\r' or (byte)'\t'))
            {
                return false;
            }
        }

        return true;
    }

    private static string MachineName(int machine) => machine switch
    {
        2 or 43 => "SPARC",
        3 => "x86",
        8 => "MIPS",
        20 or 21 => "PowerPC",
        22 => "s390",
        40 => "ARM",
        62 => "x86-64",
        183 => "AArch64 (ARM64)",
        243 => "RISC-V",
        258 => "LoongArch",
        0 => "no machine",
        _ => $"machine {machine}",
    };
}
