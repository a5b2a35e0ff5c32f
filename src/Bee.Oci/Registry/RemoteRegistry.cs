using Bee.Oci.Registry.Client;

namespace Bee.Oci.Registry;

/// <summary>A registry that is spoken to over HTTP, as the OCI Distribution Specification 1.1 has it. Safe for several threads at once.</summary>
public sealed class RemoteRegistry : IRegistry
{
    /// <summary>Makes one; asks nothing yet.</summary>
    /// <param name="host">Host and port, <c>ghcr.io</c>, <c>localhost:5000</c>, <c>[::1]:5000</c>.</param>
    /// <param name="options">How it is spoken to.</param>
    public RemoteRegistry(string host, RegistryOptions options)
    {
        Host = host;
        _ = options;
    }

    /// <inheritdoc/>
    public string Host { get; }

    /// <inheritdoc/>
    public Task PingAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>: no repository can have this name.</exception>
    public IRepository Repository(string name) => new RemoteRepository($"{Host}/{name}");

    /// <inheritdoc/>
    public IAsyncEnumerable<string> RepositoriesAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
