using System.Collections.Concurrent;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Posix;

namespace Bee.Oci.Transfer;

/// <summary>An image to pull into a store.</summary>
/// <param name="Source">The repository of the image.</param>
/// <param name="Reference">A tag, or a digest <c>sha256:…</c>, in it.</param>
/// <param name="Name">The name in the store; an image that had it before loses it. A digest in it must be the image's.</param>
internal sealed record PullRequest(IReadOnlyRepository Source, string Reference, ImageReference Name);

/// <summary>The outcome of a request. Exactly one of <see cref="Result"/> and <see cref="Fault"/> is not null.</summary>
/// <param name="Request">The request.</param>
internal sealed record PullOutcome(PullRequest Request)
{
    /// <summary>The result of the transfer.</summary>
    public TransferResult? Result { get; init; }

    /// <summary>The error, if the image was not pulled.</summary>
    public BeeException? Fault { get; init; }
}

/// <summary>Pulls images into a store and names them in one change of its index.</summary>
internal sealed class Pull(ImageStore store, TransferOptions options)
{
    // Blobs keep their files open until they are synchronized to disk, so flush after so many images.
    private const int Portion = 100;

    // Digests known to be in the store. Checking reads the blob, and the images of an archive may share most blobs.
    private readonly ConcurrentDictionary<Digest, bool> _brought = new();

    // Where to pull a blob from again if another process removes it meanwhile.
    private readonly Dictionary<Digest, (IReadOnlyRepository Source, byte[]? Manifest)> _origins = [];

    private Staging? _staging;

    public async Task<IReadOnlyList<PullOutcome>> RunAsync(IReadOnlyList<PullRequest> requests, CancellationToken cancellationToken)
    {
        var outcomes = new PullOutcome[requests.Count];
        var staged = new List<(int Index, StagedImage Image, TransferResult Result)>();
        try
        {
            for (int i = 0; i < requests.Count; i++)
            {
                try
                {
                    (StagedImage image, TransferResult result) = await StageAsync(requests[i], cancellationToken).ConfigureAwait(false);
                    staged.Add((i, image, result));
                }
                catch (BeeException e)
                {
                    outcomes[i] = new PullOutcome(requests[i]) { Fault = e };
                }

                if (i % Portion == Portion - 1 && _staging is not null)
                {
                    await _staging.FlushAsync().ConfigureAwait(false);
                }
            }

            if (staged.Count > 0)
            {
                IReadOnlyList<Image> named = await store.Writer.NameAsync(_staging!, [.. staged.Select(one => one.Image)], missing => BringAgainAsync(missing, cancellationToken), cancellationToken).ConfigureAwait(false);
                foreach (((int index, _, TransferResult result), Image image) in staged.Zip(named))
                {
                    outcomes[index] = new PullOutcome(requests[index]) { Result = result with { Image = image } };
                }
            }

            return outcomes;
        }
        finally
        {
            _staging?.Dispose();
        }
    }

    private async Task<(StagedImage Image, TransferResult Result)> StageAsync(PullRequest request, CancellationToken cancellationToken)
    {
        IReadOnlyRepository source = request.Source;
        var tally = new Tally(options.Progress);
        TransferPlan plan = await TransferPlan.ReadAsync(source, request.Reference, options, cancellationToken).ConfigureAwait(false);
        string whole = Name(request.Name, plan);
        Staging staging = _staging ??= Staging.Open(store.Path, cancellationToken);
        staging.RequireRoom(plan.Tree.Blobs);
        IReadOnlyList<Attachment> attachments = await BringImageAsync(source, tally, plan, cancellationToken).ConfigureAwait(false);
        Descriptor[] more = [.. attachments.SelectMany(a => a.Blobs).DistinctBy(b => b.Digest).ExceptBy(plan.Tree.Blobs.Select(b => b.Digest), b => b.Digest)];
        staging.RequireRoom(more);
        await BringAsync(source, tally, more, cancellationToken).ConfigureAwait(false);

        List<Content> manifests = [.. attachments.Select(a => a.Manifest), .. plan.Tree.Manifests];
        List<(string Tag, Descriptor Manifest)> tags = [.. attachments.Where(a => a.Tag is not null).Select(a => (a.Tag!, a.Manifest.Descriptor))];
        foreach (IGrouping<Digest, Attachment> subject in attachments.GroupBy(a => a.Subject))
        {
            if (Attachments.ReferrersIndex(subject) is { } index)
            {
                manifests.Add(index);
                tags.Add((DigestTag.Referrers(subject.Key), index.Descriptor));
            }
        }

        foreach (Content manifest in manifests)
        {
            await BringAsync(manifest, cancellationToken).ConfigureAwait(false);
        }

        // Annotations of an entry belong to its index, so the store does not copy them.
        Descriptor image = plan.Image.Descriptor with { Annotations = new Dictionary<string, string>() };
        return (new StagedImage(whole, image, [], [.. plan.Tree.Blobs, .. more, .. manifests.Select(m => m.Descriptor)], tags), tally.Result(image));
    }

    /// <summary>Pulls the blobs and at the same time finds the image's attachments.</summary>
    private async Task<IReadOnlyList<Attachment>> BringImageAsync(IReadOnlyRepository source, Tally tally, TransferPlan plan, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<IReadOnlyList<Attachment>> finding = plan.AttachmentsAsync(source, options, ended.Token);
        try
        {
            await BringAsync(source, tally, plan.Tree.Blobs, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Ends the search before the caller goes on.
            await ended.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(finding).ConfigureAwait(false);
            throw;
        }

        return await finding.ConfigureAwait(false);
    }

    /// <summary>Returns the name for the store. A digest in the requested name must be that of the resolved index or manifest; the store's name has the digest of what is stored.</summary>
    private static string Name(ImageReference name, TransferPlan plan)
    {
        Digest digest = plan.Image.Descriptor.Digest;
        _ = ImageStore.NameFor(name, plan.Resolved.Descriptor.Digest);
        return ImageStore.NameFor(name.Digest is null ? name : name.WithDigest(digest), digest);
    }

    private Task BringAsync(IReadOnlyRepository source, Tally tally, IReadOnlyCollection<Descriptor> blobs, CancellationToken cancellationToken)
    {
        tally.Expect(blobs);
        foreach (Descriptor blob in blobs)
        {
            _origins[blob.Digest] = (source, null);
        }

        return TransferPlan.ForEachAsync(blobs, options, (blob, token) => BringAsync(source, tally, blob, token), cancellationToken);
    }

    private async Task BringAsync(IReadOnlyRepository source, Tally tally, Descriptor blob, CancellationToken cancellationToken)
    {
        if (_brought.ContainsKey(blob.Digest) || _staging!.Has(blob))
        {
            _brought[blob.Digest] = true;
            tally.Present(blob);
            return;
        }

        using Stream content = await source.FetchAsync(blob, cancellationToken).ConfigureAwait(false);
        try
        {
            await _staging.AddAsync(blob, content, tally.Moved, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException e) when (e.Fault == StoreFault.DigestMismatch)
        {
            throw new RegistryException(RegistryFault.DigestMismatch, e.Message, e);
        }

        _brought[blob.Digest] = true;
        tally.Sent(blob);
    }

    private async Task BringAsync(Content manifest, CancellationToken cancellationToken)
    {
        _origins[manifest.Descriptor.Digest] = (null!, manifest.Bytes);
        if (!_brought.ContainsKey(manifest.Descriptor.Digest) && !_staging!.Has(manifest.Descriptor))
        {
            await AddAsync(manifest.Descriptor, manifest.Bytes, cancellationToken).ConfigureAwait(false);
        }

        _brought[manifest.Descriptor.Digest] = true;
    }

    private async Task AddAsync(Descriptor manifest, byte[] bytes, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(bytes);
        await _staging!.AddAsync(manifest, content, null, cancellationToken).ConfigureAwait(false);
    }

    private async Task BringAgainAsync(IReadOnlyList<Descriptor> missing, CancellationToken cancellationToken)
    {
        var tally = new Tally(options.Progress);
        foreach (Descriptor part in missing)
        {
            _brought.TryRemove(part.Digest, out _);
            (IReadOnlyRepository source, byte[]? manifest) = _origins[part.Digest];
            if (manifest is not null)
            {
                await AddAsync(part, manifest, cancellationToken).ConfigureAwait(false);
                continue;
            }

            tally.Expect([part]);
            await BringAsync(source, tally, part, cancellationToken).ConfigureAwait(false);
        }
    }
}
