using Bee.Oci.Registry.Transport;

namespace Bee.Oci.Registry.Client;

/// <summary>
/// Which rights the requests to one repository ask for. Reading asks for no more than reading, until something is written: from then on one
/// token does for both.
/// </summary>
/// <param name="path">The repository's name in the registry.</param>
internal sealed class RepositoryRights(string path)
{
    private readonly RegistryScope _pull = RegistryScope.Pull(path);
    private readonly RegistryScope _push = RegistryScope.Push(path);
    private volatile bool _writes;

    /// <summary>For a request that reads.</summary>
    public RegistryScope Read => _writes ? _push : _pull;

    /// <summary>For a request that writes.</summary>
    public RegistryScope Write()
    {
        _writes = true;
        return _push;
    }

    /// <summary>
    /// Looks whether something is there. Before a first push nothing is, and many registries then give no right to read to somebody who may
    /// write: so a look that is denied is tried with that right.
    /// </summary>
    public async Task<T> LookAsync<T>(Func<Task<T>> look)
    {
        try
        {
            return await look().ConfigureAwait(false);
        }
        catch (RegistryException e) when (!_writes && e.Fault is RegistryFault.Unauthorized or RegistryFault.Denied)
        {
            _writes = true;
            try
            {
                return await look().ConfigureAwait(false);
            }
            catch (RegistryException)
            {
                _writes = false;
                throw;
            }
        }
    }
}
