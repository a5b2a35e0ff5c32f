using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Registry.Client;

/// <summary>Lists the referrers of manifests in one repository (OCI Distribution Specification 1.1, "Listing Referrers").</summary>
internal sealed class Referrers(Endpoint endpoint, string path, string name, RepositoryRights rights, ReferrersTag fallback)
{
    // Anyone who can push can make the list longer, and some callers hold all of it in memory.
    private const int Largest = 4 * StoreLimits.Manifest;

    /// <summary>Lists the referrers of a manifest, from the API, or from the tag if the registry has no API.</summary>
    public async IAsyncEnumerable<Descriptor> ListAsync(Digest subject, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        bool hasApi = false;
        long length = 0;
        await foreach (RegistryDocument page in Listing.PagesAsync(
            endpoint, Address(subject), rights.Read, Doing(subject), StoreLimits.Manifest, HasNoApi, cancellationToken).ConfigureAwait(false))
        {
            // Some registries return a web page for unknown paths.
            if (page.ContentType is "text/html" or "text/plain")
            {
                break;
            }

            hasApi = true;
            length += page.Body.Length;
            if (length > Largest)
            {
                throw new RegistryException(RegistryFault.TooLarge, $"The list of referrers of {name}@{subject} is longer than {Largest} bytes.");
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

    /// <summary>Checks whether the registry has the referrers API.</summary>
    public async Task<bool> HasApiAsync(Digest subject, CancellationToken cancellationToken)
    {
        RegistryDocument? page = await endpoint.GetAsync(
            Address(subject), rights.Read, Doing(subject), "list", StoreLimits.Manifest, cancellationToken, absent: HasNoApi).ConfigureAwait(false);
        return page is not null && page.ContentType is not ("text/html" or "text/plain");
    }

    /// <summary>Returns the valid entries of a page.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadAnswer"/>: the page is malformed.</exception>
    internal IEnumerable<Descriptor> Read(byte[] page, Digest subject) =>
        Sound(RegistryDocuments.Read(page, OciJson.Canonical.ManifestDocument, $"list of referrers of {name}@{subject}"));

    // The specification says 404; some registries return other statuses for the unknown path.
    private static bool HasNoApi(HttpStatusCode status) =>
        status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.BadRequest or HttpStatusCode.NotAcceptable or HttpStatusCode.NotImplemented;

    private Uri Address(Digest subject) => endpoint.Address($"{path}/referrers/{subject}");

    private string Doing(Digest subject) => $"list the referrers of {name}@{subject}";

    private IEnumerable<Descriptor> Sound(ManifestDocument index)
    {
        foreach (DescriptorDocument? entry in index.Manifests ?? [])
        {
            if (entry is not null && Digest.TryParse(entry.Digest, out _) && entry.Size is > 0 and <= StoreLimits.Manifest
                && (MediaTypes.IsManifest(entry.MediaType) || MediaTypes.IsIndex(entry.MediaType)))
            {
                yield return entry.ToDescriptor();
            }
            else
            {
                endpoint.Note($"Ignoring an invalid referrer in {name}: '{endpoint.Shown(entry?.Digest ?? "", 100)}'.");
            }
        }
    }
}

/// <summary>
/// Maintains the index at the tag <c>sha256-…</c>, in which clients list referrers if the registry has no API for them (OCI Distribution Specification
/// 1.1, "Referrers Tag Schema"). Registries cannot change it atomically, so two clients may overwrite each other's entries. After writing, the client
/// reads the index twice and adds its entry again if it is missing.
/// </summary>
internal sealed class ReferrersTag(Manifests manifests, string name, SemaphoreSlim gate)
{
    private const int MostTries = 20;

    // In milliseconds. A writer that has just started is slow, because its code is not compiled yet.
    private const double LeastPause = 20, LeastWait = 150, LongestPause = 1000;

    /// <summary>Returns the tag that lists the referrers of a manifest.</summary>
    public static string Name(Digest subject) => DigestTag.Referrers(subject);

    /// <summary>Reads the index; returns null if the tag does not exist or is not an index.</summary>
    public async Task<ManifestDocument?> ReadAsync(Digest subject, CancellationToken cancellationToken)
    {
        var found = await manifests.TryFetchAsync(Name(subject), cancellationToken).ConfigureAwait(false);
        return found is { } there && MediaTypes.IsIndex(there.Content.Descriptor.MediaType) ? Parse(there.Content.Bytes, subject) : null;
    }

    /// <summary>Adds an entry, unless one with its digest exists.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.Refused"/>: the tag is not an index; or another failure.</exception>
    public Task AddAsync(Digest subject, DescriptorDocument entry, CancellationToken cancellationToken) => ChangeAsync(
        subject,
        entries => entries.Any(e => e?.Digest == entry.Digest) ? null : [.. entries, entry],
        cancellationToken);

    /// <summary>Removes an entry.</summary>
    public Task RemoveAsync(Digest subject, Digest digest, CancellationToken cancellationToken) => ChangeAsync(
        subject,
        entries => entries.All(e => e?.ParsedDigest != digest) ? null : [.. entries.Where(e => e?.ParsedDigest != digest)],
        cancellationToken);

    /// <param name="subject">The digest of the subject.</param>
    /// <param name="change">Returns the new entries; null if nothing has to change.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    private async Task ChangeAsync(Digest subject, Func<List<DescriptorDocument?>, List<DescriptorDocument?>?> change, CancellationToken cancellationToken)
    {
        // Serializes the writers of this process.
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            bool written = false;
            bool conditional = true;
            int settled = 0;
            for (int tries = 0; tries < MostTries;)
            {
                long start = Stopwatch.GetTimestamp();
                var found = await manifests.TryFetchAsync(Name(subject), cancellationToken).ConfigureAwait(false);
                if (found is { } there && !MediaTypes.IsIndex(there.Content.Descriptor.MediaType))
                {
                    throw new RegistryException(RegistryFault.Refused, $"The tag {name}:{Name(subject)} is reserved for the referrers of {subject}, but is not an index. Bee did not change it.")
                    {
                        Remedy = "Delete that tag, or move its content to another one.",
                    };
                }

                ManifestDocument index = found is { } content ? Parse(content.Content.Bytes, subject) : new ManifestDocument();
                List<DescriptorDocument?>? entries = change(index.Manifests ?? []);
                if (entries is null)
                {
                    if (!written || ++settled == 2)
                    {
                        return;
                    }
                }
                else
                {
                    tries++;
                    settled = 0;
                    Content changed = Write(subject, index, entries);

                    // Resolved again right before writing, which limits the race to the time of one request.
                    Digest? now = (await manifests.ResolveAsync(Name(subject), cancellationToken).ConfigureAwait(false))?.Digest;
                    if (now == found?.Content.Descriptor.Digest)
                    {
                        EntityTagHeaderValue? tag = conditional && found?.Tag is { IsWeak: false } strong ? strong : null;
                        (written, _) = await manifests.PutAsync(changed, Name(subject), tag, cancellationToken).ConfigureAwait(false);

                        // A proxy may use entity tags of its own, which never match.
                        conditional &= written || tries < 3;
                    }
                }

                // After a read, waits as long as a concurrent writer may need; after a write, a random time to desynchronize writers.
                double took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                double pause = entries is null
                    ? Math.Clamp(2 * took, LeastWait, LongestPause)
                    : Math.Clamp(Random.Shared.NextDouble() * took, LeastPause, LongestPause);
                await Task.Delay(TimeSpan.FromMilliseconds(pause), cancellationToken).ConfigureAwait(false);
            }

            throw new RegistryException(RegistryFault.Refused, $"The list of referrers of {name}@{subject} could not be changed in {MostTries} attempts, because other clients change it at the same time.")
            {
                Remedy = "Try again.",
            };
        }
        finally
        {
            gate.Release();
        }
    }

    private Content Write(Digest subject, ManifestDocument index, List<DescriptorDocument?> entries)
    {
        index.MediaType = MediaTypes.ImageIndex;
        index.Manifests = entries;
        byte[] bytes = OciJson.Write(index, OciJson.Canonical.ManifestDocument);
        return bytes.Length <= StoreLimits.Manifest
            ? new Content(new Descriptor(MediaTypes.ImageIndex, Digest.Of(bytes), bytes.Length), bytes)
            : throw new RegistryException(RegistryFault.TooLarge, $"The list of referrers of {name}@{subject} would have {bytes.Length} bytes, over the limit of {StoreLimits.Manifest}.");
    }

    private ManifestDocument Parse(byte[] bytes, Digest subject) => RegistryDocuments.Read(bytes, OciJson.Canonical.ManifestDocument, $"list of referrers of {name}@{subject}");
}
