namespace Bee.VirtualMachine.Kernels;

/// <summary>An unpacked kernel: <c>vmlinuz</c>, its settings and the modules that the guest loads.</summary>
/// <param name="Folder">The folder that holds them.</param>
internal sealed record KernelFiles(string Folder)
{
    // In the order in which the guest loads them. Traffic control of 6.1 is a module; 6.12 attaches without it.
    private static readonly string[] Wanted = ["sch_ingress", "cls_bpf", "veth"];

    /// <summary>The compressed kernel.</summary>
    public string Image => Path.Combine(Folder, "vmlinuz");

    /// <summary>The settings that it was built with, named after its release as in /boot.</summary>
    public string Settings => Directory.GetFiles(Folder, "config-*").Single();

    /// <summary>The modules, in the order in which they load.</summary>
    public IEnumerable<string> Modules => Directory.GetFiles(Folder, "*.ko*").Order(StringComparer.Ordinal);

    /// <summary>The kernel from the cache; fetched and put there when it is not in it yet.</summary>
    /// <exception cref="KernelMissingException">It cannot be had; the message says why.</exception>
    public static KernelFiles Obtain(DebianKernel kernel)
    {
        string home = Path.Combine(CacheFolder.Path, "kernels");
        var files = new KernelFiles(Path.Combine(home, $"{kernel.Version}-debian"));
        if (File.Exists(files.Image))
        {
            return files;
        }

        Directory.CreateDirectory(home);
        string work = Directory.CreateDirectory(Path.Combine(home, $".new-{Guid.NewGuid():n}")).FullName;
        try
        {
            string unpacked = Path.Combine(work, "unpacked");
            PackageSource.Unpack(PackageSource.Download(kernel, work), unpacked);
            string keep = Directory.CreateDirectory(Path.Combine(work, "keep")).FullName;
            Pick(unpacked, keep);
            try
            {
                // By rename: a cache that others read is whole, or not there.
                Directory.Move(keep, files.Folder);
            }
            catch (IOException) when (File.Exists(files.Image))
            {
                // Somebody else was faster.
            }

            return files;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static void Pick(string unpacked, string keep)
    {
        string[] all = Directory.GetFiles(unpacked, "*", SearchOption.AllDirectories);
        string Find(string prefix) => all.FirstOrDefault(file => Path.GetFileName(file).StartsWith(prefix, StringComparison.Ordinal))
            ?? throw new KernelMissingException($"the kernel's package holds no {prefix}*");
        for (int i = 0; i < Wanted.Length; i++)
        {
            if (all.FirstOrDefault(file => Path.GetFileName(file).StartsWith(Wanted[i] + ".ko", StringComparison.Ordinal)) is { } module)
            {
                File.Move(module, Path.Combine(keep, $"{i}-{Path.GetFileName(module)}"));
            }
        }

        string settings = Find("config-");
        File.Move(settings, Path.Combine(keep, Path.GetFileName(settings)));
        File.Move(Find("vmlinuz-"), Path.Combine(keep, "vmlinuz"));
    }
}
