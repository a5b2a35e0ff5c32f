using System.Numerics;

namespace Bee.Ebpf;

/// <summary>Tells enums of flags from enums of states: BTF does not say which is which.</summary>
internal static class FlagEnums
{
    /// <summary>
    /// Whether all values are single bits or made of them, at least two single bits with one of 4 or more among them (1 and 2 alone are as
    /// well a count), and not a plain run of numbers: 1, 2, 3, 4 in this order is a count, although 3 is 1 and 2; bits are declared first.
    /// </summary>
    public static bool IsFlags(IReadOnlyList<(string Name, long Value)> values)
    {
        var distinct = values.Select(v => (ulong)v.Value).Where(v => v != 0).Distinct().ToList();
        var bits = distinct.Where(BitOperations.IsPow2).ToList();
        if (bits.Count < 2 || bits.Max() < 4 || distinct.Count - bits.Count > bits.Count)
        {
            return false;
        }

        var all = bits.Aggregate((a, b) => a | b);
        var isRun = distinct.Select((v, i) => v == distinct[0] + (ulong)i).All(next => next);
        return !isRun && distinct.All(v => (v & ~all) == 0);
    }
}
