namespace Bee.VirtualMachine.Kernels;

/// <summary>A kernel that Debian builds for virtual machines.</summary>
/// <param name="Version">The major and minor version number.</param>
/// <param name="Suite">The suite of Debian's archive that has the kernel.</param>
internal sealed record DebianKernel(string Version, string Suite)
{
    /// <summary>The package that depends on the newest build of the kernel.</summary>
    public const string Package = "linux-image-cloud-amd64";

    /// <summary>All kernels that the tests boot. Each also has a test class.</summary>
    public static IReadOnlyList<DebianKernel> All { get; } =
    [
        new("6.1", "bookworm"),
        new("6.12", "trixie"),
    ];

    /// <summary>Returns the kernel of a version.</summary>
    public static DebianKernel Of(string version) => All.Single(kernel => kernel.Version == version);
}
