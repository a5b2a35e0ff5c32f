using Bee.Packages;

namespace Bee.VirtualMachine.Kernels;

/// <summary>An unpacked kernel: <c>vmlinuz</c>, its configuration and the modules that the guest loads.</summary>
/// <param name="Folder">The folder of the files.</param>
internal sealed record KernelFiles(string Folder)
{
    // In the order in which the guest loads them. Traffic control of 6.1 is a module; 6.12 attaches without it.
    private static readonly string[] s_wanted = ["sch_ingress", "cls_bpf", "veth"];

    /// <summary>The compressed kernel.</summary>
    public string Image => Path.Combine(Folder, "vmlinuz");

    /// <summary>The kernel configuration, named after the release as in /boot.</summary>
    public string Settings => Directory.GetFiles(Folder, "config-*").Single();

    /// <summary>The modules, in the order in which they load.</summary>
    public IEnumerable<string> Modules => Directory.GetFiles(Folder, "*.ko*").Order(StringComparer.Ordinal);

    /// <summary>Returns the kernel from the cache. Downloads it if necessary.</summary>
    /// <exception cref="PackageMissingException">The files are not available, for the reason in the message.</exception>
    public static KernelFiles Obtain(DebianKernel kernel) => new(CachedPackage.Obtain("kernels", $"{kernel.Version}-debian", (keep, work) =>
    {
        var source = PackageSource.Open(kernel.Suite, "amd64", work);
        string unpacked = Path.Combine(work, "unpacked");
        source.Unpack(source.Dependency(DebianKernel.Package, "linux-image-"), unpacked);
        Pick(unpacked, keep);
    }));

    private static void Pick(string unpacked, string keep)
    {
        string[] all = Directory.GetFiles(unpacked, "*", SearchOption.AllDirectories);
        string Find(string prefix) => all.FirstOrDefault(file => Path.GetFileName(file).StartsWith(prefix, StringComparison.Ordinal))
            ?? throw new PackageMissingException($"the kernel's package holds no {prefix}*");
        for (int i = 0; i < s_wanted.Length; i++)
        {
            if (all.FirstOrDefault(file => Path.GetFileName(file).StartsWith(s_wanted[i] + ".ko", StringComparison.Ordinal)) is { } module)
            {
                File.Move(module, Path.Combine(keep, $"{i}-{Path.GetFileName(module)}"));
            }
        }

        string settings = Find("config-");
        File.Move(settings, Path.Combine(keep, Path.GetFileName(settings)));
        File.Move(Find("vmlinuz-"), Path.Combine(keep, "vmlinuz"));
    }
}
