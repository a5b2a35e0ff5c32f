namespace Bee.Oci.Containers;

/// <summary>What a container is made of. The same parts always give the same digest.</summary>
/// <param name="Tool">The eBPF image, of any store.</param>
/// <param name="Base">A container image with Bee in it, whose entry point runs images.</param>
public sealed record ContainerRequest(Image Tool, Image Base)
{
    /// <summary>The platforms to make it for; empty for those that both have.</summary>
    public IReadOnlyList<Platform> Platforms { get; init; } = [];

    /// <summary>Labels for the configuration, besides those that tell of the tool.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}
