namespace Bee.Ebpf.Tests.Loading;

/// <summary>A test that loads programs into the kernel: it needs root, clang and BTF, and is skipped without them.</summary>
public sealed class KernelFactAttribute : FactAttribute
{
    private static readonly string? s_reason = Missing();

    public KernelFactAttribute() => Skip = s_reason;

    private static string? Missing()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            return "needs root on Linux, to load programs into the kernel";
        }

        if (!File.Exists(Btf.KernelPath))
        {
            return "needs a kernel with BTF";
        }

        return Fixture.HasClang ? null : "needs clang, to compile the programs";
    }
}
