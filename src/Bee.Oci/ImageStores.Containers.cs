using Bee.Oci.Containers;
using Bee.Oci.Store;

namespace Bee.Oci;

public sealed partial class ImageStores
{
    /// <summary>
    /// Makes a container image around a tool and stores it under a name: the layers of a base, a layer with the tool and its signatures, and a configuration that starts it. No container engine takes
    /// part.
    /// </summary>
    /// <param name="request">What goes into it.</param>
    /// <param name="reference">The name. An image that had it before loses it.</param>
    /// <returns>The container.</returns>
    /// <exception cref="StoreException"><see cref="StoreFault.NotABase"/>; <see cref="StoreFault.BadPlatform"/>; a part is damaged, or the disk refuses. Then nothing has changed.</exception>
    public Image AddContainer(ContainerRequest request, ImageReference reference)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Tool.Fault is { } fault)
        {
            throw new StoreException(fault.Fault, fault.Message, fault);
        }

        using var layer = new MemoryStream();
        Export([request.Tool], layer, ContainerLabels.StorePath.TrimStart('/'));

        // A container refers to the layers of its base, so these have to be in the same store.
        Image lower = request.Base.Store == Own.Path ? request.Base : Tag(request.Base, ImageReference.Parse(request.Base.Reference));
        using LayoutFiles files = Own.Open() ?? throw Own.Gone();
        var packed = PackedContainer.From(files, request with { Base = lower }, layer.ToArray());
        string name = ImageStore.NameFor(reference, packed.Descriptor.Digest);
        return Own.Name(name, packed.Descriptor, packed.Blobs, packed.Parts, []) is [var missing, ..]
            ? throw new StoreException(StoreFault.MissingBlob, $"The base '{lower.Reference}' is not whole: the blob {missing.Digest} is missing.")
            : Own.Stored(name, packed.Descriptor);
    }
}
