using System.Management.Automation;
using Bee.Oci;

namespace Bee.Cmdlets;

/// <summary>A cmdlet that reads or writes the local images.</summary>
public abstract class StoreCmdlet : BeeCmdlet
{
    private ImageStores? _stores;
    private ImageStore? _ownStore;

    /// <summary>
    /// The folder of the store. Without it: the environment variable BEE_STORE, else bee/store under XDG_DATA_HOME, else
    /// ~/.local/share/bee/store. Under sudo, without either of the first two, the invoking user's store is read as well.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <summary>The store that is written to.</summary>
    private protected ImageStore OwnStore => _ownStore ??= new ImageStore(Store is null ? ImageStore.DefaultPath : FullPath(Store));

    /// <summary>All stores that are read from, the own one first.</summary>
    private protected ImageStores Stores => _stores ??= Store is null ? ImageStores.Default() : new ImageStores(OwnStore);

    /// <summary>Finds images by name.</summary>
    /// <param name="references">References, short names or digests; with wildcards all that match.</param>
    /// <param name="images">The images to choose from.</param>
    /// <returns>The images, each once. A literal name that matches nothing is reported as an error and left out.</returns>
    private protected IEnumerable<Image> Match(string reference)
    {
        if (WildcardPattern.ContainsWildcardCharacters(reference))
        {
            WildcardPattern pattern = WildcardPattern.Get(reference, WildcardOptions.IgnoreCase);
            return Stores.List().Where(image => ImageNames.Match(image, pattern));
        }

        if (Stores.Find(reference) is { } found)
        {
            return [found];
        }

        WriteError(ImageNames.NotFound(reference, Stores), reference);
        return [];
    }
}
