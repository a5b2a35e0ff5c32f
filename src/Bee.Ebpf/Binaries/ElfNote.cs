using System.Buffers.Binary;

namespace Bee.Ebpf;

/// <summary>A note in a program or library: a fact that its owner, some tool, left there.</summary>
/// <param name="Owner">The owner's name, with its zero byte.</param>
/// <param name="Type">The kind of fact, a number of the owner's.</param>
/// <param name="Content">The fact.</param>
internal readonly record struct ElfNote(ReadOnlyMemory<byte> Owner, uint Type, ReadOnlyMemory<byte> Content)
{
    private const int HeaderSize = 12;

    /// <summary>Whether it is an owner's note of some type.</summary>
    public bool Is(ReadOnlySpan<byte> owner, uint type) => Type == type && Owner.Length == owner.Length + 1 && Owner.Span.StartsWith(owner) && Owner.Span[^1] == 0;

    /// <summary>The notes of a section or segment, up to the first that is damaged.</summary>
    public static IEnumerable<ElfNote> All(ReadOnlyMemory<byte> notes)
    {
        // The lengths of name and content, the type, then both, each filled up to 4 bytes.
        while (notes.Length >= HeaderSize)
        {
            ulong owner = Number(notes, 0), content = Number(notes, 4), behindOwner = HeaderSize + Padded(owner);
            if (behindOwner + content > (ulong)notes.Length)
            {
                yield break;
            }

            yield return new ElfNote(notes.Slice(HeaderSize, (int)owner), Number(notes, 8), notes.Slice((int)behindOwner, (int)content));
            notes = notes[(int)Math.Min(behindOwner + Padded(content), (ulong)notes.Length)..];
        }
    }

    private static uint Number(ReadOnlyMemory<byte> notes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(notes.Span[at..]);

    private static ulong Padded(ulong length) => (length + 3) & ~3ul;
}
