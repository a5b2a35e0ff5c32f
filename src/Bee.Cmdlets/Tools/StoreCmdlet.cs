using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Registries;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Tools;

/// <summary>A cmdlet that reads or writes the local images, and speaks to no registry.</summary>
public abstract class StoreCmdlet : BeeCmdlet
{
    private LocalImages? _local;

    /// <summary>
    /// The folder of the store. Without it: the environment variable BEE_STORE, else bee/store under XDG_DATA_HOME, else
    /// ~/.local/share/bee/store. Under sudo, when this parameter is not given, the invoking user's store is read as well.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <summary>The images of a name, as <see cref="LocalImages.Match"/> finds them.</summary>
    private protected IReadOnlyList<Image> Match(string reference, bool everyTag = false) => Local.Match(reference, everyTag);

    /// <summary>The stores that are read from; the first is the one that is written to.</summary>
    private protected ImageStores Stores => Local.Stores;

    private LocalImages Local => _local ??= new LocalImages(this, this, Store);
}

/// <summary>A cmdlet that moves images between the local store and registries, and decides over none.</summary>
public abstract class RegistryStoreCmdlet : RegistryCmdlet
{
    private LocalImages? _local;

    /// <inheritdoc cref="StoreCmdlet.Store"/>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <summary>The local images.</summary>
    private protected LocalImages Local => _local ??= new LocalImages(this, this, Store);

    /// <summary>The stores that are read from; the first is the one that is written to.</summary>
    private protected ImageStores Stores => Local.Stores;
}
