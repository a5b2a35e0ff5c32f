using System.Numerics;

namespace Bee.Ebpf;

/// <summary>Facts about <see cref="NumberKind"/>.</summary>
internal static class Numbers
{
    public static int Size(NumberKind kind) => kind switch
    {
        NumberKind.Boolean or NumberKind.Int8 or NumberKind.UInt8 => 1,
        NumberKind.Int16 or NumberKind.UInt16 => 2,
        NumberKind.Int32 or NumberKind.UInt32 or NumberKind.Float32 => 4,
        NumberKind.Int128 or NumberKind.UInt128 => 16,
        _ => 8,
    };

    public static Type ClrType(NumberKind kind) => kind switch
    {
        NumberKind.Boolean => typeof(bool),
        NumberKind.Int8 => typeof(sbyte),
        NumberKind.UInt8 => typeof(byte),
        NumberKind.Int16 => typeof(short),
        NumberKind.UInt16 => typeof(ushort),
        NumberKind.Int32 => typeof(int),
        NumberKind.UInt32 => typeof(uint),
        NumberKind.Int64 => typeof(long),
        NumberKind.UInt64 => typeof(ulong),
        // Of a float people see the double with the same digits, which a literal equals: 1.1f is not 1.1.
        NumberKind.Float32 or NumberKind.Float64 => typeof(double),
        _ => typeof(BigInteger),
    };

    public static bool IsInteger(NumberKind kind) => kind is not (NumberKind.Boolean or NumberKind.Float32 or NumberKind.Float64);

    public static bool IsSigned(NumberKind kind) =>
        kind is NumberKind.Int8 or NumberKind.Int16 or NumberKind.Int32 or NumberKind.Int64 or NumberKind.Int128;

    /// <summary>The integer of a size, or null where there is none.</summary>
    public static NumberKind? Integer(int size, bool signed) => size switch
    {
        1 => signed ? NumberKind.Int8 : NumberKind.UInt8,
        2 => signed ? NumberKind.Int16 : NumberKind.UInt16,
        4 => signed ? NumberKind.Int32 : NumberKind.UInt32,
        8 => signed ? NumberKind.Int64 : NumberKind.UInt64,
        16 => signed ? NumberKind.Int128 : NumberKind.UInt128,
        _ => null,
    };
}
