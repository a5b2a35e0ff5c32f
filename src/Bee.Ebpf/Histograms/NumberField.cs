using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>An integer of at most 64 bits somewhere in a record, a key or a value.</summary>
internal readonly record struct NumberField(int Offset, int Size, bool IsSigned, bool BigEndian, int Shift, int Bits)
{
    /// <summary>The integer that is a whole value; null where the value is something else.</summary>
    public static NumberField? Of(ValueShape shape, int offset = 0) => shape is NumberShape { Size: <= 8 } number && IsAmount(number)
        ? new NumberField(offset, number.Size, Numbers.IsSigned(number.Kind), number.BigEndian, 0, 0)
        : null;

    /// <summary>The integer that a field is; null where it is something else.</summary>
    public static NumberField? Of(FieldShape field) => Of(field.Value, field.Offset) is { } number
        ? number with { Shift = field.BitOffset % 8, Bits = field.BitSize }
        : null;

    /// <summary>The first byte behind it.</summary>
    public int End => Offset + (Bits > 0 ? (Shift + Bits + 7) / 8 : Size);

    /// <summary>Reads it.</summary>
    /// <param name="data">The record.</param>
    /// <param name="isNegative">Whether the number is below zero.</param>
    /// <returns>The number, sign-extended to 64 bits.</returns>
    public ulong Read(ReadOnlySpan<byte> data, out bool isNegative)
    {
        ref var at = ref Unsafe.Add(ref MemoryMarshal.GetReference(data), Offset);
        ulong bits;
        if (Bits > 0)
        {
            bits = BpfEvent.ReadBits(ref at, Shift, Bits, IsSigned);
        }
        else
        {
            bits = (Size, BigEndian) switch
            {
                (8, false) => Unsafe.ReadUnaligned<ulong>(ref at),
                (4, false) => IsSigned ? (ulong)Unsafe.ReadUnaligned<int>(ref at) : Unsafe.ReadUnaligned<uint>(ref at),
                (2, false) => IsSigned ? (ulong)Unsafe.ReadUnaligned<short>(ref at) : Unsafe.ReadUnaligned<ushort>(ref at),
                (8, true) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(ref at)),
                (4, true) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(ref at)),
                (2, true) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ushort>(ref at)),
                _ => IsSigned ? (ulong)(sbyte)at : at,
            };
        }

        isNegative = IsSigned && (long)bits < 0;
        return bits;
    }

    /// <summary>Reads it as an amount that is added up; negative ones count as none.</summary>
    public ulong ReadAmount(ReadOnlySpan<byte> data)
    {
        var amount = Read(data, out var isNegative);
        return isNegative ? 0 : amount;
    }

    // Addresses, moments and names of things are numbers too, but nobody spreads them over buckets.
    private static bool IsAmount(NumberShape number) =>
        Numbers.IsInteger(number.Kind) && number.Meaning is FieldMeaning.Number or FieldMeaning.Duration or FieldMeaning.ByteSize or FieldMeaning.Port;
}
