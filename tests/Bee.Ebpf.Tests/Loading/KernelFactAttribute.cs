using Bee.Ebpf.Btf;
using Bee.Ebpf.Host;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>A test that loads programs into the kernel. It is skipped without root, clang or BTF.</summary>
public sealed class KernelFactAttribute : FactAttribute
{
    /// <summary>Kernel tests trace their own process, so they run one after another.</summary>
    public const string Collection = "kernel";

    internal static readonly string? Reason = Missing();

    public KernelFactAttribute() => Skip = Reason;

    private static string? Missing()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || Permissions.Lacking().Count > 0)
        {
            return "needs root on Linux, to load programs into the kernel";
        }

        if (!File.Exists(BtfSpec.KernelPath))
        {
            return "needs a kernel with BTF";
        }

        return Fixture.HasClang ? null : "needs clang, to compile the programs";
    }
}
