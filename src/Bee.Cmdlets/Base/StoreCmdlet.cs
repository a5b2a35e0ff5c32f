using System.Management.Automation;
using Bee.Oci;

namespace Bee.Cmdlets;

/// <summary>A cmdlet that reads or writes the local images.</summary>
public abstract class StoreCmdlet : BeeCmdlet
{
    private ImageStores? _stores;

    /// <summary>
    /// The folder of the store. Without it: the environment variable BEE_STORE, else bee/store under XDG_DATA_HOME, else
    /// ~/.local/share/bee/store. Under sudo, when this parameter is not given, the invoking user's store is read as well.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <summary>The stores that are read from; the first is the one that is written to.</summary>
    private protected ImageStores Stores => _stores ??= new ImageStores(Store is null ? null : FullPath(Store));

    /// <summary>
    /// The images of a name: a reference, a short name or a digest; with wildcards all that match, which may be none. A literal name that
    /// no image has is reported as an error.
    /// </summary>
    private protected IReadOnlyList<Image> Match(string reference)
    {
        IReadOnlyList<Image> images = [];
        if (WildcardPattern.ContainsWildcardCharacters(reference))
        {
            images = Stores.List(reference);
        }
        else if (Stores.Find(reference) is { } found)
        {
            images = [found];
        }
        else
        {
            WriteError(ImageNames.NotFound(reference, Stores), reference);
        }

        TellAboutInvokingStore();
        return images;
    }

    /// <summary>Says why the store of the user behind sudo is passed over, where that is so.</summary>
    private protected void TellAboutInvokingStore()
    {
        if (Stores.InvokingFault is { } fault)
        {
            Tell($"The invoking user's store is passed over: {fault.Message}");
        }
    }
}
