using System.Management.Automation;
using Bee.Cmdlets.Registries;
using Bee.Oci.Store;

namespace Bee.Cmdlets.Tools;

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
