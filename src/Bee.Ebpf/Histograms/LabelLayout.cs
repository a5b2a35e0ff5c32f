using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Where the labels are in a record or a key, so that two with the same labels can be found to be the same by their bytes.</summary>
internal sealed class LabelLayout
{
    private readonly FieldShape[] _fields;

    public LabelLayout(IEnumerable<FieldShape> fields)
    {
        _fields = [.. fields];
        Size = _fields.Sum(field => field.BitSize > 0 ? sizeof(ulong) : field.Value.Size);
    }

    /// <summary>How many bytes all labels take.</summary>
    public int Size { get; }

    /// <summary>Copies the labels' bytes, and nothing that would make equal labels differ: neither what stands behind a text's NUL nor a bitfield's neighbours.</summary>
    public void Write(ReadOnlySpan<byte> data, Span<byte> labels)
    {
        foreach (var field in _fields)
        {
            if (field.BitSize > 0)
            {
                var bits = BpfEvent.ReadBits(ref MemoryMarshal.GetReference(data[field.Offset..]), field.BitOffset % 8, Math.Min(field.BitSize, 64), signed: false);
                MemoryMarshal.Write(labels, in bits);
                labels = labels[sizeof(ulong)..];
                continue;
            }

            var bytes = data.Slice(field.Offset, field.Value.Size);
            bytes.CopyTo(labels);
            if (field.Value is TextShape && bytes.IndexOf((byte)0) is >= 0 and var end)
            {
                labels[end..bytes.Length].Clear();
            }

            labels = labels[bytes.Length..];
        }
    }
}
