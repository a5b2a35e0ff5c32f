namespace Bee.VirtualMachine.Kernels;

/// <summary>A kernel that Debian builds for virtual machines.</summary>
/// <param name="Version">Its major and minor number, as the tests name it.</param>
/// <param name="Sources">The lines of an apt source list, after <c>deb [signed-by=…]</c>, that carry it.</param>
internal sealed record DebianKernel(string Version, params string[] Sources)
{
    private const string Archive = "http://deb.debian.org/debian";

    /// <summary>The package that depends on the newest build of the kernel.</summary>
    public const string Package = "linux-image-cloud-amd64";

    /// <summary>The kernels that the suite boots: one line for each, and a class of tests.</summary>
    public static IReadOnlyList<DebianKernel> All { get; } =
    [
        new("6.1", $"{Archive} bookworm main", "http://deb.debian.org/debian-security bookworm-security main"),
        new("6.12", $"{Archive} trixie main", "http://deb.debian.org/debian-security trixie-security main"),
    ];

    /// <summary>The kernel of this version.</summary>
    public static DebianKernel Of(string version) => All.Single(kernel => kernel.Version == version);
}
