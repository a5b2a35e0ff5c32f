using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;

namespace Bee.Ebpf.Objects;

/// <summary>
/// The CO-RE relocations to <c>struct gadget_socket_value</c>, which is not the kernel's: Inspektor Gadget's own loader fills the map <c>gadget_sockets</c> and gives the struct's layout to its
/// CO-RE. Here the object makes the map itself, with its own layout, so the compiler's offsets are right. To the kernel's types alone the relocations could not be resolved.
/// </summary>
internal static class GadgetRelocations
{
    private const string Section = ".BTF.ext", Type = "gadget_socket_value";
    private const int Place = 24, HeaderWithRelocations = 32, Word = sizeof(uint);

    /// <summary>Returns the object without these relocations: itself where it has none.</summary>
    /// <param name="bytes">The object. Its .BTF.ext has been checked.</param>
    /// <param name="elf">The same.</param>
    /// <param name="btf">Its types.</param>
    public static ReadOnlyMemory<byte> Remove(ReadOnlyMemory<byte> bytes, ElfFile elf, BtfSpec btf)
    {
        if (elf.Find(Section) is not { } section || btf.Find(Type, BtfKind.Struct) is not { } type)
        {
            return bytes;
        }

        var data = elf.Data(section).Span;
        var header = Read(data, 1);
        var length = header < HeaderWithRelocations ? 0 : Read(data[Place..], 1);
        if (length == 0)
        {
            return bytes;
        }

        var at = header + Read(data[Place..], 0);
        var left = Without(data.Slice(at, length), type.Id);
        if (left.Length == length)
        {
            return bytes;
        }

        var copy = bytes.ToArray();
        var part = copy.AsSpan(section.Offset, section.Size);
        left.CopyTo(part[at..]);
        BinaryPrimitives.WriteInt32LittleEndian(part[(Place + Word)..], left.Length);
        return copy;
    }

    // A section's name and number of relocations, then each: instruction, type, path, kind. libbpf takes no section without relocations.
    private static byte[] Without(ReadOnlySpan<byte> part, uint type)
    {
        var size = Read(part, 0);
        var left = new List<byte>(part.Length);
        left.AddRange(part[..Word]);
        for (part = part[Word..]; !part.IsEmpty;)
        {
            var start = left.Count;
            var count = 0;
            var number = Read(part, 1);
            left.AddRange(part[..(2 * Word)]);
            part = part[(2 * Word)..];
            for (; number > 0; number--, part = part[size..])
            {
                if (Read(part, 1) != type)
                {
                    left.AddRange(part[..size]);
                    count++;
                }
            }

            if (count == 0)
            {
                left.RemoveRange(start, left.Count - start);
                continue;
            }

            BinaryPrimitives.WriteInt32LittleEndian(CollectionsMarshal.AsSpan(left)[(start + Word)..], count);
        }

        // Only the size of a record is left: the section has no relocations.
        return left.Count == Word ? [] : [.. left];
    }

    private static int Read(ReadOnlySpan<byte> data, int word) => BinaryPrimitives.ReadInt32LittleEndian(data[(Word * word)..]);
}
