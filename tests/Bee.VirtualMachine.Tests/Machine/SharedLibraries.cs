using Bee.Packages;

namespace Bee.VirtualMachine.Machine;

/// <summary>The libraries that programs of this machine need, as its dynamic linker finds them.</summary>
internal static class SharedLibraries
{
    /// <summary>libbpf, by the name under which the module looks for it.</summary>
    public const string Libbpf = "libbpf.so.1";

    /// <summary>OpenSSL, by the name under which .NET looks for it.</summary>
    public const string OpenSsl = "libssl.so.3";

    /// <summary>The full paths of all that these files need, themselves not among them; the dynamic linker included.</summary>
    public static IReadOnlyCollection<string> Of(IEnumerable<string> files)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string line in Child.Run("ldd", files, TimeSpan.FromSeconds(30)).Output.Split('\n'))
        {
            // "	libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f…)" or "	/lib64/ld-linux-x86-64.so.2 (0x00007f…)"
            string path = line[(line.IndexOf("=>", StringComparison.Ordinal) is var arrow && arrow >= 0 ? arrow + 2 : 0)..].Trim();
            int end = path.IndexOf(" (", StringComparison.Ordinal);
            if (end > 0 && path[0] == '/')
            {
                found.Add(path[..end]);
            }
        }

        return found;
    }

    /// <summary>Where this machine has a library; null when it is not installed.</summary>
    public static string? Find(string name) =>
        new[] { "/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib" }.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
