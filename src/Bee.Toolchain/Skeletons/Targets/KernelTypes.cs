using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;

namespace Bee.Toolchain;

/// <summary>The running kernel's types, read once.</summary>
internal static class KernelTypes
{
    private static readonly Lazy<BtfSpec?> s_read = new(() =>
    {
        try
        {
            return BtfSpec.ReadKernel();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or BpfObjectException)
        {
            return null;
        }
    });

    /// <summary>The types, or null where the kernel does not show them: skeletons are plainer then.</summary>
    public static BtfSpec? Graph => s_read.Value;
}
