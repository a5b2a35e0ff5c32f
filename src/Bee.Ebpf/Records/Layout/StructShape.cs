using System.Security.Cryptography;
using System.Text;

namespace Bee.Ebpf;

/// <summary>A struct or union: its fields with anonymous members flattened, in order of declaration.</summary>
internal sealed record StructShape(string Label, int Size, IReadOnlyList<FieldShape> Fields)
{
    private string? _key;

    private StructShape(StructShape other)
    {
        // Not the key: a copy has other fields.
        (Label, Size, Fields) = (other.Label, other.Size, other.Fields);
    }

    /// <summary>A text that is equal exactly for structs of one name, layout and meanings.</summary>
    public string Key => _key ??= ShapeKey.Of($"struct {Label}:{Size}", Fields.Select(f => $"{f.Name}@{f.BitOffset}:{f.BitSize}:{f.Value.Key}"));
}

/// <summary>A field: where it is, in bits from the struct's first, and for bitfields how many bits it has (else 0).</summary>
internal sealed record FieldShape(string Name, ValueShape Value, int BitOffset, int BitSize)
{
    public int Offset => BitOffset / 8;

    /// <summary>The first byte behind the field.</summary>
    public int End => BitSize == 0 ? Offset + Value.Size : (BitOffset + BitSize + 7) / 8;

    public bool IsOpenArray => Value is ArrayShape { Count: 0 } or TextShape { Size: 0 } or WordsShape { Size: 0 };
}

/// <summary>Keys of shapes are digests, so that structs inside structs do not make keys of keys grow without end.</summary>
internal static class ShapeKey
{
    public static string Of(string head, IEnumerable<string> parts)
    {
        var text = new StringBuilder(head);
        foreach (var part in parts)
        {
            text.Append('\n').Append(part);
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))).ToLowerInvariant();
    }
}
