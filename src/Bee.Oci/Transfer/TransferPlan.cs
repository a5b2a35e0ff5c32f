using System.Text.Json;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;

namespace Bee.Oci.Transfer;

/// <summary>The content that a transfer has to move. The tag is resolved once; everything else is read by digest, so a tag that moves meanwhile does not matter.</summary>
/// <param name="Resolved">The manifest or index that the reference resolves to.</param>
/// <param name="Image">The part to transfer: the manifest of one platform, or <paramref name="Resolved"/>.</param>
/// <param name="Tree">Everything that the image refers to.</param>
internal sealed record TransferPlan(Content Resolved, Content Image, ImageTree Tree)
{
    /// <summary>Reads the manifests of an image.</summary>
    /// <exception cref="RegistryException">The image does not exist, is damaged, or is not for the platform.</exception>
    public static async Task<TransferPlan> ReadAsync(
        IReadOnlyRepository source, string reference, TransferOptions options, CancellationToken cancellationToken)
    {
        Content resolved = await source.FetchManifestAsync(reference, cancellationToken).ConfigureAwait(false);
        if (options.BeforeCommit is { } check)
        {
            await check(resolved.Descriptor, source, cancellationToken).ConfigureAwait(false);
        }

        Content image = options.Platform is { } platform
            ? await PlatformPart.TakeAsync(source, resolved, platform, cancellationToken).ConfigureAwait(false)
            : resolved;
        return new TransferPlan(resolved, image, await ImageTree.ReadAsync(source, image, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Returns the attachments of the image and of each manifest in it: signatures, and other referrers if requested.</summary>
    public async Task<IReadOnlyList<Attachment>> AttachmentsAsync(
        IReadOnlyRepository source, TransferOptions options, CancellationToken cancellationToken)
    {
        if (!options.Signatures)
        {
            return [];
        }

        var attachments = new Attachments(source, options.Referrers, options.Note);
        var found = new List<Attachment>();
        foreach (Content[] some in Tree.Manifests.Chunk(options.Concurrency))
        {
            foreach (IReadOnlyList<Attachment> list in await Task.WhenAll(
                some.Select(m => attachments.OfAsync(m.Descriptor.Digest, cancellationToken))).ConfigureAwait(false))
            {
                found.AddRange(list);
            }
        }

        return found;
    }

    /// <summary>Processes blobs concurrently, the largest first.</summary>
    public static Task ForEachAsync(
        IEnumerable<Descriptor> blobs, TransferOptions options, Func<Descriptor, CancellationToken, Task> work, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            blobs.OrderByDescending(b => b.Size),
            new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellationToken },
            async (blob, token) => await work(blob, token).ConfigureAwait(false));
}

/// <summary>Selects the manifest of one platform from an index.</summary>
internal static class PlatformPart
{
    /// <summary>Returns the manifest for a platform; a plain manifest is returned as it is.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.NoPlatform"/>.</exception>
    public static async Task<Content> TakeAsync(IReadOnlyRepository source, Content resolved, Platform wanted, CancellationToken cancellationToken)
    {
        ManifestDocument document = RepositoryManifests.Parse(resolved);
        if (!MediaTypes.IsIndex(resolved.Descriptor.MediaType))
        {
            Platform? told = resolved.Descriptor.Platform ?? await ToldAsync(source, resolved, document, cancellationToken).ConfigureAwait(false);
            return told is null || PlatformChoice.Fits(told, wanted)
                ? resolved
                : throw new RegistryException(RegistryFault.NoPlatform, $"The image of {source.Name} is only for {told}, not for {wanted}.");
        }

        IReadOnlyList<Descriptor> children = [.. (await RepositoryManifests.ListAsync(source, resolved, cancellationToken).ConfigureAwait(false)).Select(manifest => manifest.Descriptor)];
        Descriptor? chosen = PlatformChoice.For(children, wanted);
        return chosen is not null
            ? await RepositoryManifests.FetchAsync(source, chosen, cancellationToken).ConfigureAwait(false)
            : throw new RegistryException(
                RegistryFault.NoPlatform,
                $"The image of {source.Name} is not for {wanted}; it is for {string.Join(", ", children.Select(c => c.Platform?.ToString() ?? "an unnamed platform").Distinct())}.");
    }

    private static async Task<Platform?> ToldAsync(IReadOnlyRepository source, Content manifest, ManifestDocument document, CancellationToken cancellationToken)
    {
        if (document.Config is null || RepositoryManifests.Descriptors([document.Config], manifest.Descriptor)[0] is not { Size: <= StoreLimits.Manifest } config)
        {
            return null;
        }

        using Stream stream = await source.FetchAsync(config, cancellationToken).ConfigureAwait(false);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellationToken).ConfigureAwait(false);
        try
        {
            // The two keys are the same in every config that is JSON: Bee's, and the OCI image specification's.
            PlatformDocument? told = JsonSerializer.Deserialize(content.GetBuffer().AsSpan(0, (int)content.Length), OciJson.Canonical.PlatformDocument);
            return told?.ToPlatform();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Everything that an image refers to: manifests with their bytes, blobs by descriptor.</summary>
/// <param name="Manifests">The manifests, children before parents, so the image's own manifest is last.</param>
/// <param name="Blobs">Configs and layers, each digest once.</param>
internal sealed record ImageTree(IReadOnlyCollection<Content> Manifests, IReadOnlyCollection<Descriptor> Blobs)
{
    // The manifests stay in memory until the image has its name.
    private const int MostManifests = 1_000;
    private const int MostManifestBytes = 64 << 20;

    /// <summary>Reads an image.</summary>
    /// <param name="source">The repository of the image.</param>
    /// <param name="root">The manifest or index of the image.</param>
    /// <param name="cancellationToken">Cancels the requests.</param>
    /// <exception cref="RegistryException">A manifest is missing or damaged.</exception>
    public static async Task<ImageTree> ReadAsync(IReadOnlyRepository source, Content root, CancellationToken cancellationToken)
    {
        var contents = new Dictionary<Digest, Content>();
        HashSet<string> expected = [];
        long bytes = 0;
        ManifestGraph graph = await ManifestGraph.ReadAsync(root.Descriptor, async nodes =>
        {
            if (nodes.FirstOrDefault(node => node.Depth >= ManifestGraph.Depth) is { } deep)
            {
                throw new RegistryException(RegistryFault.BadAnswer, $"The image's indexes are nested too deeply, at {deep.Descriptor.Digest}.");
            }

            Content[] some = await Task.WhenAll(nodes.Select(node =>
                node.Parent is null ? Task.FromResult(root) : RepositoryManifests.FetchAsync(source, node.Descriptor, cancellationToken))).ConfigureAwait(false);
            return [.. some.Select(Open)];
        }).ConfigureAwait(false);

        Descriptor[] blobs = [.. graph.Nodes.Where(node => !node.IsManifest).Select(node => node.Descriptor).DistinctBy(blob => blob.Digest)];
        return blobs.Length <= ManifestGraph.MostPieces
            ? new ImageTree([.. graph.BottomUp.Select(node => contents[node.Descriptor.Digest])], blobs)
            : throw new RegistryException(RegistryFault.TooLarge, $"The image has more than {ManifestGraph.MostPieces} blobs.");

        // Counts the manifests of an index before any of them is fetched.
        ManifestDocument Open(Content content)
        {
            ManifestDocument document = RepositoryManifests.ParseSound(content);
            contents.TryAdd(content.Descriptor.Digest, content);
            bytes += (document.Manifests ?? []).Sum(child => expected.Add(child!.Digest!) ? Math.Min(child.Size, StoreLimits.Manifest) : 0);
            return expected.Count > MostManifests ? throw new RegistryException(RegistryFault.TooLarge, $"The image has more than {MostManifests} manifests.")
                : bytes > MostManifestBytes ? throw new RegistryException(RegistryFault.TooLarge, $"The image has manifests of more than {MostManifestBytes} bytes.")
                : document;
        }
    }
}
