using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Where the labels are in a record or a key, so that two with the same labels can be found to be the same by their bytes.</summary>
internal sealed class LabelLayout
{
    // A value of its own for each field, since this is asked for each record.
    private readonly Piece[] _pieces;

    public LabelLayout(IEnumerable<FieldShape> fields)
    {
        _pieces = [.. fields.Select(field => new Piece(field.Offset, field.Value.Size, field.Value is TextShape, field.BitOffset % 8, Math.Min(field.BitSize, 64)))];
        Size = _pieces.Sum(piece => piece.Bits > 0 ? sizeof(ulong) : piece.Size);
    }

    /// <summary>How many bytes all labels take.</summary>
    public int Size { get; }

    /// <summary>Copies the labels' bytes, and nothing that would make equal labels differ: neither what stands behind a text's NUL nor a bitfield's neighbours.</summary>
    public void Write(ReadOnlySpan<byte> data, Span<byte> labels)
    {
        foreach (ref readonly var piece in _pieces.AsSpan())
        {
            if (piece.Bits > 0)
            {
                var bits = BpfEvent.ReadBits(ref MemoryMarshal.GetReference(data[piece.Offset..]), piece.Shift, piece.Bits, signed: false);
                MemoryMarshal.Write(labels, in bits);
                labels = labels[sizeof(ulong)..];
                continue;
            }

            var bytes = data.Slice(piece.Offset, piece.Size);
            bytes.CopyTo(labels);
            if (piece.IsText && bytes.IndexOf((byte)0) is >= 0 and var end)
            {
                labels[end..bytes.Length].Clear();
            }

            labels = labels[bytes.Length..];
        }
    }

    private readonly record struct Piece(int Offset, int Size, bool IsText, int Shift, int Bits);
}
