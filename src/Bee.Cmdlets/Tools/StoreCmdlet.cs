using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Registries;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Tools;

/// <summary>The base of cmdlets that read or write local images without a registry.</summary>
public abstract class StoreCmdlet : BeeCmdlet
{
    private LocalImages? _local;

    /// <summary>
    /// The folder of the store. By default the environment variable BEE_STORE, or else bee/store under XDG_DATA_HOME, or else
    /// ~/.local/share/bee/store. Under sudo, the store of the user who ran sudo is also read, unless this parameter is used.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <summary>Returns the images that match a name; see <see cref="LocalImages.Match"/>.</summary>
    private protected IReadOnlyList<Image> Match(string reference, bool everyTag = false) => Local.Match(reference, everyTag);

    /// <summary>The stores to read from. The first one is also written to.</summary>
    private protected ImageStores Stores => Local.Stores;

    private LocalImages Local => _local ??= new LocalImages(this, this, Store);
}

/// <summary>The base of cmdlets that transfer images between the local store and registries without verifying them.</summary>
public abstract class RegistryStoreCmdlet : RegistryCmdlet
{
    private LocalImages? _local;

    /// <inheritdoc cref="StoreCmdlet.Store"/>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <summary>The local images.</summary>
    private protected LocalImages Local => _local ??= new LocalImages(this, this, Store);

    /// <summary>The stores to read from. The first one is also written to.</summary>
    private protected ImageStores Stores => Local.Stores;
}
