using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Registry.Client;

/// <summary>What refers to a manifest of one repository (OCI Distribution Specification 1.1, "Listing Referrers").</summary>
internal sealed class Referrers(Endpoint endpoint, string path, string name, RepositoryRights rights, ReferrersTag fallback)
{
    // Anybody who may push makes this longer, and some readers hold all of it.
    private const int Largest = 4 * StoreLimits.Manifest;

    /// <summary>Descriptors of what refers to a manifest: from the API, or from the tag where there is no API.</summary>
    public async IAsyncEnumerable<Descriptor> ListAsync(Digest subject, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
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
    public async Task<bool> HasApiAsync(Digest subject, CancellationToken cancellationToken)
    {
        RegistryDocument? page = await endpoint.GetAsync(
            Address(subject), rights.Read, Doing(subject), "list", StoreLimits.Manifest, cancellationToken, absent: HasNoApi).ConfigureAwait(false);
        return page is not null && page.ContentType is not ("text/html" or "text/plain");
    }

    /// <summary>The entries of a page that can be of use.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadAnswer"/>: it is no page.</exception>
    internal IEnumerable<Descriptor> Read(byte[] page, Digest subject) =>
        Sound(RegistryDocuments.Read(page, OciJson.Canonical.ManifestDocument, $"list of what refers to {name}@{subject}"));

    // 404 is what the specification says; the others come from registries that know the path for nothing, or for another thing.
    private static bool HasNoApi(HttpStatusCode status) =>
        status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.BadRequest or HttpStatusCode.NotAcceptable or HttpStatusCode.NotImplemented;

    private Uri Address(Digest subject) => endpoint.Address($"{path}/referrers/{subject}");

    private string Doing(Digest subject) => $"list what refers to {name}@{subject}";

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
                endpoint.Note($"{name} lists '{endpoint.Shown(entry?.Digest ?? "", 100)}', which is not a referrer; it is left out.");
            }
        }
    }
}

/// <summary>
/// The index at the tag <c>sha256-…</c>, by which clients keep the list of referrers where the registry does not (OCI Distribution Specification
/// 1.1, "Referrers Tag Schema"). Registries have no way to change it in one step, so two clients may write over each other: after writing
/// it is read again, twice, and whoever finds that its entry is gone adds it again.
/// </summary>
internal sealed class ReferrersTag(Manifests manifests, string name, SemaphoreSlim gate)
{
    private const int MostTries = 20;

    // In milliseconds. A writer that has just started is slow, since its code is not compiled yet.
    private const double LeastPause = 20, LeastWait = 150, LongestPause = 1000;

    /// <summary>The tag at which the referrers of a manifest are listed.</summary>
    public static string Name(Digest subject) => DigestTag.Referrers(subject);

    /// <summary>The index; null where there is none, or what has the tag is no index.</summary>
    public async Task<ManifestDocument?> ReadAsync(Digest subject, CancellationToken cancellationToken)
    {
        var found = await manifests.TryFetchAsync(Name(subject), cancellationToken).ConfigureAwait(false);
        return found is { } there && MediaTypes.IsIndex(there.Content.Descriptor.MediaType) ? Parse(there.Content.Bytes, subject) : null;
    }

    /// <summary>Adds an entry, unless there is one with its digest.</summary>
    /// <exception cref="RegistryException">Among others <see cref="RegistryFault.Refused"/> where the tag is something else's.</exception>
    public Task AddAsync(Digest subject, DescriptorDocument entry, CancellationToken cancellationToken) => ChangeAsync(
        subject,
        entries => entries.Any(e => e?.Digest == entry.Digest) ? null : [.. entries, entry],
        cancellationToken);

    /// <summary>Takes an entry out.</summary>
    public Task RemoveAsync(Digest subject, Digest digest, CancellationToken cancellationToken) => ChangeAsync(
        subject,
        entries => entries.All(e => e?.ParsedDigest != digest) ? null : [.. entries.Where(e => e?.ParsedDigest != digest)],
        cancellationToken);

    /// <param name="subject">What is referred to.</param>
    /// <param name="change">Gives the entries as they should be; null where they are so.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task ChangeAsync(Digest subject, Func<List<DescriptorDocument?>, List<DescriptorDocument?>?> change, CancellationToken cancellationToken)
    {
        // Writers of this process need not race each other.
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
                    throw new RegistryException(RegistryFault.Refused, $"The tag {name}:{Name(subject)} has the list of what refers to {subject}, and is not a list; nothing was changed there.")
                    {
                        Remedy = "Delete that tag, or give what has it another one.",
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

                    // Looked at once more: what is left is the time of one request, in which another writer would have to come between.
                    Digest? now = (await manifests.ResolveAsync(Name(subject), cancellationToken).ConfigureAwait(false))?.Digest;
                    if (now == found?.Content.Descriptor.Digest)
                    {
                        EntityTagHeaderValue? tag = conditional && found?.Tag is { IsWeak: false } strong ? strong : null;
                        (written, _) = await manifests.PutAsync(changed, Name(subject), tag, cancellationToken).ConfigureAwait(false);

                        // Something before the registry may have entity tags of its own, which never fit.
                        conditional &= written || tries < 3;
                    }
                }

                // After the first look, as long as a writer that had read before may need; after a write, out of step with the others.
                double took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                double pause = entries is null
                    ? Math.Clamp(2 * took, LeastWait, LongestPause)
                    : Math.Clamp(Random.Shared.NextDouble() * took, LeastPause, LongestPause);
                await Task.Delay(TimeSpan.FromMilliseconds(pause), cancellationToken).ConfigureAwait(false);
            }

            throw new RegistryException(RegistryFault.Refused, $"The list of what refers to {name}@{subject} could not be changed: other clients change it at the same time, {MostTries} times so far.")
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
            : throw new RegistryException(RegistryFault.TooLarge, $"The list of what refers to {name}@{subject} would have {bytes.Length} bytes; {StoreLimits.Manifest} are the limit.");
    }

    private ManifestDocument Parse(byte[] bytes, Digest subject) => RegistryDocuments.Read(bytes, OciJson.Canonical.ManifestDocument, $"list of what refers to {name}@{subject}");
}
