using System.Buffers.Binary;

namespace Bee.Ebpf;

/// <summary>A static probe (USDT).</summary>
internal sealed record StaticProbe(string Provider, string Name)
{
    public override string ToString() => $"{Provider}:{Name}";
}

/// <summary>Reads which static probes a program or library has: notes of the owner <c>stapsdt</c>, type 3.</summary>
internal static class StaticProbes
{
    private const int NoteType = 3, NoteHeader = 12, Addresses = 3 * sizeof(ulong);

    /// <summary>The probes, each once; empty for a file that has none or cannot be read.</summary>
    public static IReadOnlyList<StaticProbe> Of(string path)
    {
        var probes = new HashSet<StaticProbe>();
        BinaryElf.Read(path, elf =>
        {
            foreach (var section in elf.Sections.Where(s => s.Name == ".note.stapsdt"))
            {
                Read(elf.Content(section), probes);
            }
        });
        return [.. probes];
    }

    private static void Read(ReadOnlySpan<byte> notes, HashSet<StaticProbe> probes)
    {
        while (notes.Length > NoteHeader)
        {
            var ownerLength = Padded(BinaryPrimitives.ReadInt32LittleEndian(notes));
            var length = BinaryPrimitives.ReadInt32LittleEndian(notes[4..]);
            var content = notes.Slice(NoteHeader + ownerLength, length);
            if (BinaryPrimitives.ReadInt32LittleEndian(notes[8..]) == NoteType && notes[NoteHeader..].StartsWith("stapsdt\0"u8))
            {
                var texts = content[Addresses..];
                var provider = BinaryElf.Text(texts);
                probes.Add(new StaticProbe(provider, BinaryElf.Text(texts[(texts.IndexOf((byte)0) + 1)..])));
            }

            notes = notes[Math.Min(notes.Length, checked(NoteHeader + ownerLength + Padded(length)))..];
        }
    }

    private static int Padded(int length) => checked((length + 3) & ~3);
}
