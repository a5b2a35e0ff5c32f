using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Cmdlets;

/// <summary>A cmdlet's local images.</summary>
/// <param name="cmdlet">The cmdlet.</param>
/// <param name="folder">The folder of the store, as the person gave it; null for the user's own.</param>
internal sealed class LocalImages(BeeCmdlet cmdlet, string? folder)
{
    /// <summary>The stores that are read from; the first is the one that is written to.</summary>
    public ImageStores Stores { get; } = new(folder is null ? null : cmdlet.Locate(folder), new GadgetDescriber());

    /// <summary>
    /// The images of a name: a reference, a short name or a digest; with wildcards all that match, which may be none. A literal name that
    /// no image has is reported as an error.
    /// </summary>
    public IReadOnlyList<Image> Match(string reference)
    {
        IReadOnlyList<Image> images = [];
        if (ImageReference.IsPattern(reference))
        {
            images = Stores.List(reference);
        }
        else if (Stores.Find(reference) is { } found)
        {
            images = [found];
        }
        else
        {
            cmdlet.WriteError(ImageNames.NotFound(reference, Stores), reference);
        }

        TellAboutInvokingStore();
        return images;
    }

    /// <summary>Says why the store of the user behind sudo is passed over, where that is so.</summary>
    public void TellAboutInvokingStore()
    {
        if (Stores.InvokingFault is { } fault)
        {
            cmdlet.Tell($"The invoking user's store is passed over: {fault.Message}");
        }
    }
}
