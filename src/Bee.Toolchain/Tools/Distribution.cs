using Bee.Posix;

namespace Bee.Toolchain.Tools;

/// <summary>A component that distributions package under different names.</summary>
internal enum Component
{
    Clang,
    Llvm,
    Libbpf,
    LibbpfHeaders,
    KernelHeaders,
    LibcHeaders,
    Libc32Headers,
}

/// <summary>The Linux distribution: its package names and its install command.</summary>
internal sealed class Distribution
{
    private static readonly Component[] s_columns = Enum.GetValues<Component>();

    /// <summary>Package names in the order of <see cref="Component"/>.</summary>
    private static readonly Distribution[] s_known =
    [
        new(["debian", "ubuntu"], "apt-get install", ["clang", "llvm", "libbpf1", "libbpf-dev", "linux-libc-dev", "libc6-dev", "libc6-dev-i386"]),
        new(["fedora", "rhel", "centos"], "dnf install", ["clang", "llvm", "libbpf", "libbpf-devel", "kernel-headers", "glibc-devel", "glibc-devel.i686"]),
        new(["arch"], "pacman -S", ["clang", "llvm", "libbpf", "libbpf", "linux-api-headers", "glibc", "lib32-glibc"]),
        new(["alpine"], "apk add", ["clang", "llvm", "libbpf", "libbpf-dev", "linux-headers", "musl-dev", "musl-dev"]),
        new(["suse", "opensuse"], "zypper install", ["clang", "llvm", "libbpf1", "libbpf-devel", "linux-glibc-devel", "glibc-devel", "glibc-devel-32bit"]),
    ];

    private readonly string[] _ids;
    private readonly string? _install;
    private readonly string[] _packages;

    private Distribution(string[] ids, string? install, string[] packages)
    {
        _ids = ids;
        _install = install;
        _packages = packages;
    }

    /// <summary>This machine's distribution, from /etc/os-release. An unknown one has Debian's package names and no command.</summary>
    internal static Distribution Current { get; } = Of(ReadRelease());

    /// <summary>Returns the distribution that an os-release file describes.</summary>
    internal static Distribution Of(string release)
    {
        string[] ids = [.. Values(release, "ID="), .. Values(release, "ID_LIKE=")];
        foreach (var id in ids)
        {
            foreach (var distribution in s_known)
            {
                if (distribution._ids.Any(known => id.StartsWith(known, StringComparison.Ordinal)))
                {
                    return distribution;
                }
            }
        }

        return new Distribution([], null, s_known[0]._packages);
    }

    internal string Package(Component component) => _packages[Array.IndexOf(s_columns, component)];

    /// <summary>Returns how to install a component, as a sentence.</summary>
    internal string Remedy(Component component) => _install is null
        ? $"Install it (on Debian the package is {Package(component)})."
        : $"Install it: {_install} {Package(component)}";

    internal ToolMissingException Missing(string tool, Component component, string message) =>
        new(tool, Package(component), Remedy(component), message);

    private static IEnumerable<string> Values(string release, string key) => release.Split('\n')
        .Where(line => line.StartsWith(key, StringComparison.Ordinal))
        .SelectMany(line => line[key.Length..].Trim().Trim('"', '\'').Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static string ReadRelease()
    {
        try
        {
            return RegularFile.ReadAllText("/etc/os-release");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

/// <summary>Thrown if a program or library that Bee runs is not installed, or is too old.</summary>
internal sealed class ToolMissingException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="tool">The missing component, such as <c>clang</c>.</param>
    /// <param name="package">The package that contains it on this distribution, such as <c>clang</c>.</param>
    /// <param name="remedy">The command that installs it, or a sentence if no package manager is known.</param>
    /// <param name="message">The problem.</param>
    public ToolMissingException(string tool, string package, string remedy, string message) : base("ToolMissing", message, remedy)
    {
        Tool = tool;
        Package = package;
    }

    /// <summary>The missing component.</summary>
    public string Tool { get; }

    /// <summary>The package that contains it on this distribution.</summary>
    public string Package { get; }
}
