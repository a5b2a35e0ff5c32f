namespace Bee.Ebpf;

/// <summary>Works out what instructions do to known numbers, and which way jumps go.</summary>
internal static class Arithmetic
{
    /// <summary>The result of an arithmetic instruction, or null where it is not worked out here.</summary>
    public static long? Apply(int operation, long left, long right, bool narrow)
    {
        var bits = narrow ? 31 : 63;
        if (narrow)
        {
            (left, right) = ((uint)left, (uint)right);
        }

        long? result = operation switch
        {
            0x00 => unchecked(left + right),
            0x10 => unchecked(left - right),
            0x20 => unchecked(left * right),
            0x40 => left | right,
            0x50 => left & right,
            0x60 => left << (int)(right & bits),
            0x70 => narrow ? (uint)left >> (int)(right & bits) : (long)((ulong)left >> (int)(right & bits)),
            0x80 => unchecked(-left),
            0xa0 => left ^ right,
            0xb0 => right,
            0xc0 => narrow ? (int)left >> (int)(right & bits) : left >> (int)(right & bits),
            _ => null,
        };
        return narrow ? (uint?)result : result;
    }

    /// <summary>Whether a jump is taken, or null where it is of a kind that is not known here.</summary>
    public static bool? Jumps(int operation, long left, long right, bool narrow)
    {
        if (narrow)
        {
            (left, right) = ((int)left, (int)right);
        }

        var (low, high) = narrow ? ((ulong)(uint)left, (ulong)(uint)right) : ((ulong)left, (ulong)right);
        return operation switch
        {
            0x10 => left == right,
            0x20 => low > high,
            0x30 => low >= high,
            0x40 => (left & right) != 0,
            0x50 => left != right,
            0x60 => left > right,
            0x70 => left >= right,
            0xa0 => low < high,
            0xb0 => low <= high,
            0xc0 => left < right,
            0xd0 => left <= right,
            _ => null,
        };
    }
}
