using Bee.Packages;

namespace Bee.VirtualMachine.Machine;

/// <summary>Finds the libraries that programs of this machine need, with its dynamic linker.</summary>
internal static class SharedLibraries
{
    /// <summary>The file name of libbpf that the module loads.</summary>
    public const string Libbpf = "libbpf.so.1";

    /// <summary>The file name of OpenSSL that .NET loads.</summary>
    public const string OpenSsl = "libssl.so.3";

    /// <summary>Returns the full paths of all libraries that the files need, including the dynamic linker.</summary>
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

    /// <summary>Returns the path of a library; null if it is not installed.</summary>
    public static string? Find(string name) =>
        new[] { "/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib" }.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
