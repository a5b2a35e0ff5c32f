using Bee.Oci.Formats;
using Bee.Oci.Store;

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

/// <summary>Makes container images around tools. No container engine takes part.</summary>
/// <param name="stores">Where tools and bases are; containers go to the own store.</param>
public sealed class ContainerBuilder(ImageStores stores)
{
    /// <summary>
    /// Makes a container image around a tool and stores it under a name: the layers of a base, a layer with the tool and its signatures, and a configuration that starts it.
    /// </summary>
    /// <param name="request">What goes into it.</param>
    /// <param name="reference">The name. An image that had it before loses it.</param>
    /// <returns>The container.</returns>
    /// <exception cref="StoreException"><see cref="StoreFault.NotABase"/>; <see cref="StoreFault.BadPlatform"/>; a part is damaged, or the disk refuses. Then nothing has changed.</exception>
    public Image Build(ContainerRequest request, ImageReference reference)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Tool.Fault is { } fault)
        {
            throw new StoreException(fault.Fault, fault.Message, fault);
        }

        using var layer = new MemoryStream();
        stores.Export([request.Tool], layer, ContainerLabels.StorePath.TrimStart('/'));

        // A container refers to the layers of its base, so these have to be in the same store.
        ImageStore own = stores.Own;
        Image lower = request.Base.Store == own.Path ? request.Base : stores.Tag(request.Base, ImageReference.Parse(request.Base.Reference));
        using LayoutFiles files = own.Open() ?? throw own.Gone();
        var packed = PackedContainer.From(files, request with { Base = lower }, layer.ToArray());
        string name = ImageStore.NameFor(reference, packed.Descriptor.Digest);
        return own.Name(name, packed.Descriptor, packed.Blobs, packed.Parts, []) is [var missing, ..]
            ? throw new StoreException(StoreFault.MissingBlob, $"The base '{lower.Reference}' is not whole: the blob {missing.Digest} is missing.")
            : own.Stored(name, packed.Descriptor);
    }
}
