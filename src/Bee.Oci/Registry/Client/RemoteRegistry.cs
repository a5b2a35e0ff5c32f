using Bee.Oci.Formats;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Registry.Client;

/// <summary>
/// A registry that is spoken to over HTTP, as the OCI Distribution Specification 1.1 has it. Safe for several threads at once. What it gives is
/// checked before it is believed; what it is given it is not asked to store twice.
/// </summary>
public sealed class RemoteRegistry : IRegistry
{
    private readonly Endpoint _endpoint;
    private readonly SemaphoreSlim _referrersGate = new(1, 1);

    /// <summary>Makes one; asks nothing yet.</summary>
    /// <param name="host">Host and port, <c>ghcr.io</c>, <c>localhost:5000</c>, <c>[::1]:5000</c>.</param>
    /// <param name="options">How it is spoken to.</param>
    /// <exception cref="RegistryException">The host is none, or the options cannot be met (a certificate file that is missing).</exception>
    public RemoteRegistry(string host, RegistryOptions options) => _endpoint = new Endpoint(host, options);

    /// <inheritdoc/>
    public string Host => _endpoint.Host;

    /// <inheritdoc/>
    public async Task PingAsync(CancellationToken cancellationToken = default)
    {
        string doing = $"speak to the registry {Host}";
        using HttpResponseMessage response = await _endpoint.SendAsync(HttpMethod.Get, _endpoint.Address(""), RegistryScope.None, cancellationToken).ConfigureAwait(false);
        bool isPage = response.Content.Headers.ContentType?.MediaType == "text/html" && !response.Headers.Contains("Docker-Distribution-Api-Version");
        if (response.IsSuccessStatusCode && !isPage)
        {
            return;
        }

        throw response.IsSuccessStatusCode || (int)response.StatusCode == 404
            ? new RegistryException(RegistryFault.BadAnswer, $"{Host} answers, but it is no registry: it has no /v2/.")
            {
                Status = (int)response.StatusCode,
                Remedy = "Look at the host's name and port.",
            }
            : await _endpoint.FailureAsync(response, doing, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>: no repository can have this name.</exception>
    public IRepository Repository(string name) => new RemoteRepository(_endpoint, References.CheckRepository(Host, name), _referrersGate);

    /// <inheritdoc/>
    public IAsyncEnumerable<string> RepositoriesAsync(CancellationToken cancellationToken = default) => Listing.NamesAsync(
        _endpoint,
        _endpoint.Address("_catalog"),
        RegistryScope.Catalog,
        $"list the repositories of {Host}",
        page => RegistryDocuments.Read(page, OciJson.Canonical.CatalogDocument, $"list of repositories of {Host}").Repositories,
        name => ReferenceGrammar.RepositoryFault(name) is null,
        cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _endpoint.Dispose();
        _referrersGate.Dispose();
    }
}

/// <summary>Names that become part of an address: nothing goes there that was not looked at.</summary>
internal static class References
{
    /// <summary>The reference, if it is a tag or a <c>sha256:</c> digest.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>.</exception>
    public static string Check(string reference)
    {
        string? fault = reference.Contains(':') ? ReferenceGrammar.DigestFault(reference) : ReferenceGrammar.TagFault(reference);
        return fault is null ? reference : throw new RegistryException(RegistryFault.BadName, $"'{TerminalText.Clean(reference)}' is no tag and no digest: {fault}");
    }

    /// <summary>A tag.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>.</exception>
    public static string CheckTag(string tag) =>
        ReferenceGrammar.TagFault(tag) is { } fault ? throw new RegistryException(RegistryFault.BadName, $"Bad tag: {fault}") : tag;

    /// <summary>A repository's name.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>.</exception>
    public static string CheckRepository(string host, string name) =>
        (ReferenceGrammar.RepositoryFault(name) ?? ReferenceGrammar.LengthFault(host, name)) is { } fault
            ? throw new RegistryException(RegistryFault.BadName, $"Bad repository name '{TerminalText.Clean(name)}': {fault}")
            : name;

    /// <summary>The digest that a reference is; null for a tag.</summary>
    public static ContentDigest? Digest(string reference) => ContentDigest.TryParse(reference, out ContentDigest digest) ? digest : null;
}
