namespace Bee.Ebpf;

/// <summary>The alignment of types.</summary>
internal static class BtfAlignment
{
    private const int Pointer = 8;

    /// <summary>The alignment of a scalar or an array of scalars, in bytes; at least 1.</summary>
    public static int Of(BtfType type) => type.Resolve() switch
    {
        BtfArray array => Of(array.Element),
        BtfInt or BtfEnum or BtfFloat => Math.Clamp(type.Size, 1, Pointer),
        BtfPointer => Pointer,
        _ => 1,
    };
}
