using Bee.Cmdlets.Base;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Tools;

/// <summary>The images of the local stores, by name.</summary>
/// <param name="streams">Where a name that no image has is reported.</param>
/// <param name="location">Where a relative folder is meant from.</param>
/// <param name="folder">The folder of the store, as the user gave it; null for the user's own.</param>
internal sealed class LocalImages(ICmdletStreams streams, ISessionLocation location, string? folder)
{
    private ImageStores? _stores;

    /// <summary>The stores that are read from; the first is the one that is written to.</summary>
    public ImageStores Stores => _stores ??= new ImageStores(folder is null ? null : location.FullPath(folder), new GadgetDescriber());

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
            streams.WriteError(ImageNames.NotFound(reference, Stores), reference);
        }

        NoteInvokingStore();
        return images;
    }

    /// <summary>Writes why the store of the user behind sudo is passed over, if it is.</summary>
    public void NoteInvokingStore()
    {
        if (Stores.InvokingFault is { } fault)
        {
            streams.WriteNote($"The invoking user's store is passed over: {fault.Message}");
        }
    }
}
