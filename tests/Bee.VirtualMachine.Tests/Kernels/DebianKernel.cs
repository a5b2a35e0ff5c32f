namespace Bee.VirtualMachine.Kernels;

/// <summary>A kernel that Debian builds for virtual machines.</summary>
/// <param name="Version">Its major and minor number, as the tests name it.</param>
/// <param name="Suite">The suite of Debian's archive that carries it.</param>
internal sealed record DebianKernel(string Version, string Suite)
{
    /// <summary>The package that depends on the newest build of the kernel.</summary>
    public const string Package = "linux-image-cloud-amd64";

    /// <summary>The kernels that the suite boots: one line for each, and a class of tests.</summary>
    public static IReadOnlyList<DebianKernel> All { get; } =
    [
        new("6.1", "bookworm"),
        new("6.12", "trixie"),
    ];

    /// <summary>The kernel of this version.</summary>
    public static DebianKernel Of(string version) => All.Single(kernel => kernel.Version == version);
}
