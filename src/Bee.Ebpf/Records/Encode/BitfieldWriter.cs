using System.Globalization;
using System.Numerics;

namespace Bee.Ebpf;

/// <summary>Writes bitfields between their neighbours.</summary>
internal static class BitfieldWriter
{
    public static void Write(FieldShape field, object? value, Span<byte> to)
    {
        // The value in its full type first, so that names and booleans mean what they do elsewhere; then it must fit the bits.
        Span<byte> whole = stackalloc byte[16];
        whole = whole[..field.Value.Size];
        ValueEncoder.Write(field.Value, value, whole);
        var kind = field.Value is EnumShape e ? e.Kind : ((NumberShape)field.Value).Kind;
        var number = new BigInteger(whole, isUnsigned: !Numbers.IsSigned(kind));
        var least = Numbers.IsSigned(kind) ? -(BigInteger.One << (field.BitSize - 1)) : BigInteger.Zero;
        var most = (BigInteger.One << (Numbers.IsSigned(kind) ? field.BitSize - 1 : field.BitSize)) - 1;
        if (number < least || number > most)
        {
            throw new EncodeException(string.Create(CultureInfo.InvariantCulture, $"{number} is out of the range of '{field.Name}', {least} to {most}."));
        }

        for (var i = 0; i < field.BitSize; i++)
        {
            var bit = field.BitOffset + i;
            var mask = (byte)(1 << bit % 8);
            to[bit / 8] = (whole[i / 8] >> i % 8 & 1) != 0 ? (byte)(to[bit / 8] | mask) : (byte)(to[bit / 8] & ~mask);
        }
    }
}
