using System.Text;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Elf;

/// <summary>A static probe (USDT).</summary>
internal sealed record StaticProbe(string Provider, string Name)
{
    public override string ToString() => $"{Provider}:{Name}";
}

/// <summary>Reads which static probes a program or library has: notes of the owner <c>stapsdt</c>, type 3.</summary>
internal static class StaticProbes
{
    private const uint ProbeNote = 3;
    private const int Addresses = 3 * sizeof(ulong), MostNoteBytes = 64 << 20;

    /// <summary>The probes, each once; empty for a file that has none or cannot be read.</summary>
    public static IReadOnlyList<StaticProbe> Of(string path)
    {
        using var file = FileFacts.TryOpen(path, out _);
        if (file is null || ElfImage.Open(file) is not { } image)
        {
            return [];
        }

        var notes = from section in image.Sections
                    where section.Type == ElfSectionType.Note
                    let bytes = image.Read(section, MostNoteBytes)
                    where bytes is not null
                    from note in ElfNote.All(bytes)
                    where note.Is("stapsdt"u8, ProbeNote) && note.Content.Length > Addresses
                    select Read(note.Content.Span[Addresses..]);
        return [.. notes.OfType<StaticProbe>().Distinct()];
    }

    // Behind the addresses of the probe come provider, name and arguments, each with a zero byte.
    private static StaticProbe? Read(ReadOnlySpan<byte> texts)
    {
        var first = texts.IndexOf((byte)0);
        var second = first < 0 ? -1 : texts[(first + 1)..].IndexOf((byte)0);
        return second < 0 ? null : new StaticProbe(Encoding.UTF8.GetString(texts[..first]), Encoding.UTF8.GetString(texts.Slice(first + 1, second)));
    }
}
