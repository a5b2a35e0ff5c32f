using System.Net;
using System.Runtime.CompilerServices;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Registry.Client;

/// <summary>What refers to a manifest of one repository (OCI Distribution Specification 1.1, "Listing Referrers").</summary>
internal sealed class Referrers(Endpoint endpoint, string path, string name, RepositoryRights rights, ReferrersTag fallback)
{
    // Anybody who may push makes this longer, and some readers hold all of it.
    private const int Largest = 4 * StoreLimits.Manifest;

    /// <summary>Descriptors of what refers to a manifest: from the API, or from the tag where there is no API.</summary>
    public async IAsyncEnumerable<Descriptor> ListAsync(string digest, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ContentDigest subject = References.Digest(digest)
            ?? throw new RegistryException(RegistryFault.BadName, $"'{TerminalText.Clean(digest)}' is no digest: {ReferenceGrammar.DigestFault(digest)}");
        bool hasApi = false;
        long length = 0;
        await foreach (RegistryDocument page in Listing.PagesAsync(
            endpoint, Address(subject), rights.Read, Doing(subject), StoreLimits.Manifest, HasNoApi, cancellationToken).ConfigureAwait(false))
        {
            // A web page for every address there is: what some registries put before their API.
            if (page.ContentType is "text/html" or "text/plain")
            {
                break;
            }

            hasApi = true;
            length += page.Body.Length;
            if (length > Largest)
            {
                throw new RegistryException(RegistryFault.TooLarge, $"The list of what refers to {name}@{subject} is longer than {Largest} bytes.");
            }

            foreach (Descriptor descriptor in Read(page.Body, subject))
            {
                yield return descriptor;
            }
        }

        if (hasApi)
        {
            yield break;
        }

        if (await fallback.ReadAsync(subject, cancellationToken).ConfigureAwait(false) is { } index)
        {
            foreach (Descriptor descriptor in Sound(index))
            {
                yield return descriptor;
            }
        }
    }

    /// <summary>Whether the registry lists referrers itself.</summary>
    public async Task<bool> HasApiAsync(ContentDigest subject, CancellationToken cancellationToken)
    {
        RegistryDocument? page = await endpoint.GetAsync(
            Address(subject), rights.Read, Doing(subject), "list", StoreLimits.Manifest, cancellationToken, absent: HasNoApi).ConfigureAwait(false);
        return page is not null && page.ContentType is not ("text/html" or "text/plain");
    }

    /// <summary>The entries of a page that can be of use.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadAnswer"/>: it is no page.</exception>
    internal IEnumerable<Descriptor> Read(byte[] page, ContentDigest subject) =>
        Sound(RegistryDocuments.Read(page, OciJson.Canonical.ManifestDocument, $"list of what refers to {name}@{subject}"));

    // 404 is what the specification says; the others come from registries that know the path for nothing, or for another thing.
    private static bool HasNoApi(HttpStatusCode status) =>
        status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.BadRequest or HttpStatusCode.NotAcceptable or HttpStatusCode.NotImplemented;

    private Uri Address(ContentDigest subject) => endpoint.Address($"{path}/referrers/{subject}");

    private string Doing(ContentDigest subject) => $"list what refers to {name}@{subject}";

    private IEnumerable<Descriptor> Sound(ManifestDocument index)
    {
        foreach (DescriptorDocument? entry in index.Manifests ?? [])
        {
            if (entry is not null && ContentDigest.TryParse(entry.Digest, out _) && entry.Size is > 0 and <= StoreLimits.Manifest
                && (MediaTypes.IsManifest(entry.MediaType) || MediaTypes.IsIndex(entry.MediaType)))
            {
                yield return entry.ToDescriptor();
            }
            else
            {
                endpoint.Note($"{name} lists a referrer that is none ('{endpoint.Shown(entry?.Digest ?? "", 100)}'); it is left out.");
            }
        }
    }
}
