namespace Bee.Ebpf;

/// <summary>Checks every reference of a BTF section, and works out every size, so that no later reader can fail.</summary>
internal static class BtfCheck
{
    public static void Check(BtfTable table) => BtfSizes.Compute(table);
}
