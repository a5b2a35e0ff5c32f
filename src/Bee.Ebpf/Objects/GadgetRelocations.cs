using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;

namespace Bee.Ebpf.Objects;

/// <summary>
/// The CO-RE relocations to <c>struct gadget_socket_value</c>, which is not a kernel type: Inspektor Gadget's own loader creates the map <c>gadget_sockets</c> and adds the struct's layout to the
/// target types. Here, libbpf creates the map with the object's own layout, so the compiler's offsets are right, and the kernel's types could not resolve the relocations.
/// </summary>
internal static class GadgetRelocations
{
    private const string Section = ".BTF.ext", Type = "gadget_socket_value";
    private const int Place = 24, HeaderWithRelocations = 32, Word = sizeof(uint);

    /// <summary>Returns the object without these relocations; the same bytes if it has none.</summary>
    /// <param name="bytes">The object, with validated .BTF.ext.</param>
    /// <param name="elf">The same object, parsed.</param>
    /// <param name="btf">The types of the object.</param>
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

    // Per section: name and number of relocations, then for each: instruction, type, path, kind. libbpf rejects sections without relocations.
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

        // If only the record size is left, no section has relocations.
        return left.Count == Word ? [] : [.. left];
    }

    private static int Read(ReadOnlySpan<byte> data, int word) => BinaryPrimitives.ReadInt32LittleEndian(data[(Word * word)..]);
}
