using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>An image whose blobs are in the store, but which has no name yet.</summary>
/// <param name="Name">The image's name, from <see cref="ImageStore.NameFor"/>.</param>
/// <param name="Image">The manifest or index.</param>
/// <param name="Manifests">Manifests to write with it.</param>
/// <param name="Parts">All blobs of the image and its signatures, without <paramref name="Manifests"/>.</param>
/// <param name="Signatures">The tags of signatures in the image's repository, and their manifests.</param>
internal sealed record StagedImage(
    string Name, Descriptor Image, IReadOnlyCollection<byte[]> Manifests, IReadOnlyCollection<Descriptor> Parts, IReadOnlyList<(string Tag, Descriptor Manifest)> Signatures);

/// <summary>Changes a store.</summary>
/// <param name="store">The store.</param>
internal sealed class StoreWriter(ImageStore store)
{
    // The most attempts to write blobs again that other processes delete meanwhile.
    private const int Attempts = 5;

    /// <summary>
    /// Changes the store; all changes use this method. Blobs are written under temporary names; then, under the lock, they get their final names, and the
    /// index is replaced if <paramref name="change"/> returns true. An exception before that leaves the index unchanged.
    /// </summary>
    /// <param name="blobs">Blobs to write.</param>
    /// <param name="change">Changes the index; returns whether it did.</param>
    /// <param name="sweep">Deletes blobs that the changed index does not need, after the index is replaced; before, if the disk is full.</param>
    public void Commit(
        IEnumerable<byte[]> blobs,
        Func<StoreLayout, LayoutFiles, StoreIndex, bool> change,
        Action<LayoutFiles, StoreIndex>? sweep = null)
    {
        store.RefuseIfReadOnly();
        Fault.Wrap(store.Path, () =>
        {
            using var layout = StoreLayout.Open(store.Path);
            var written = new List<(TemporaryFile File, Digest Digest)>();
            try
            {
                foreach (byte[] blob in blobs)
                {
                    written.Add((layout.WriteFile(blob), Digest.Of(blob)));
                }

                using FileLock held = layout.Lock();
                layout.DeleteStale();
                layout.Complete();
                foreach ((TemporaryFile file, Digest digest) in written)
                {
                    // Replaces an existing blob too: the new one is known to be valid.
                    layout.Publish(file, digest);
                }

                using LayoutFiles files = store.Open() ?? throw store.Gone();
                var index = StoreIndex.Parse(files.ReadIndex());
                bool isChanged = change(layout, files, index);
                if (isChanged || written.Count > 0)
                {
                    // Blobs must be durable before the index that refers to them.
                    layout.SynchronizeBlobs();
                }

                if (isChanged)
                {
                    byte[] content = index.ToBytes();
                    try
                    {
                        layout.Replace(LayoutFiles.IndexName, content);
                    }
                    catch (IOException full) when (sweep is not null && PosixException.IsNoSpace(full))
                    {
                        // On a full disk blobs are deleted before the name. If replacing the index fails again, the name refers to an incomplete image and can be removed later.
                        sweep(files, index);
                        layout.Replace(LayoutFiles.IndexName, content);
                    }
                }

                sweep?.Invoke(files, index);
            }
            finally
            {
                written.ForEach(w => w.File.Dispose());
            }

            return true;
        });
    }

    /// <summary>
    /// Names images whose blobs <see cref="Staging"/> has written, and their signatures, in one change. Existing signatures are merged with the
    /// new ones.
    /// </summary>
    /// <returns>Blobs that another process has removed meanwhile; nothing is named then. Empty on success.</returns>
    public IReadOnlyList<Descriptor> Name(IReadOnlyList<StagedImage> images)
    {
        IReadOnlyList<Descriptor> missing = [];
        Commit(images.SelectMany(image => image.Manifests), (layout, files, index) =>
        {
            missing = Missing(files, images.SelectMany(image => image.Parts).DistinctBy(part => part.Digest));
            bool isChanged = false;
            foreach (StagedImage image in missing.Count == 0 ? images : [])
            {
                isChanged |= SetAll(layout, files, index, image.Name, image.Image, image.Signatures);
            }

            return isChanged;
        });
        return missing;
    }

    /// <summary>Names images as <see cref="Name"/> does, and writes again blobs that other processes remove meanwhile.</summary>
    /// <param name="staging">The staging, which may still be writing.</param>
    /// <param name="images">The images.</param>
    /// <param name="bring">Writes blobs again.</param>
    /// <param name="cancellationToken">Cancels the wait; nothing is named then.</param>
    /// <returns>The images, in the same order.</returns>
    /// <exception cref="StoreException"><see cref="StoreFault.Busy"/>: other processes keep removing the blobs.</exception>
    public async Task<IReadOnlyList<Image>> NameAsync(Staging staging, IReadOnlyList<StagedImage> images, Func<IReadOnlyList<Descriptor>, Task> bring, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            await staging.FlushAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            IReadOnlyList<Descriptor> missing = Name(images);
            if (missing.Count == 0)
            {
                return store.Stored([.. images.Select(image => (image.Name, image.Image))]);
            }

            await bring(missing).ConfigureAwait(false);
        }

        throw new StoreException(
            StoreFault.Busy, $"Other processes remove the blobs of '{images[0].Name}' from the store '{store.Path}' while it is written. Try again when they are done.");
    }

    /// <summary>Copies an image, with its signatures, from another store.</summary>
    public Image CopyFrom(ImageStore source, Image image, string name)
    {
        using LayoutFiles from = source.Open() ?? throw source.Gone();
        IReadOnlyCollection<Descriptor> parts = new StoredPieces(from).Of(image.Descriptor);
        var all = parts.ToDictionary(p => p.Digest);
        var signatures = new List<(string Tag, Descriptor Manifest)>();
        foreach ((string tag, DescriptorDocument entry) in SignatureNames.Of(StoreIndex.Parse(from.ReadIndex()), image.Repository, Digests(parts)))
        {
            var signature = entry.ToDescriptor();
            signatures.Add((tag, signature));
            foreach (Descriptor part in new StoredPieces(from).Of(signature))
            {
                all.TryAdd(part.Digest, part);
            }
        }

        store.RefuseIfReadOnly();
        using var staging = Staging.Open(store.Path, default);
        return CopyAsync().GetAwaiter().GetResult();

        async Task<Image> CopyAsync()
        {
            await BringAsync(all.Values).ConfigureAwait(false);
            return (await NameAsync(staging, [new StagedImage(name, image.Descriptor, [], all.Values, signatures)], BringAsync, default).ConfigureAwait(false))[0];
        }

        async Task BringAsync(IReadOnlyCollection<Descriptor> missing)
        {
            foreach (Descriptor part in missing)
            {
                using BlobStream blob = from.OpenBlob(part);
                await staging.AddAsync(part, blob, null, default).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sets the date of storing in the entry. It is not in the manifest, so that the digest does not depend on the time.</summary>
    public static void Stamp(DescriptorDocument entry)
    {
        entry.Annotations = new(entry.Annotations ?? []);
        entry.Annotations.TryAdd(AnnotationKeys.Created, PackedImage.Date(DateTimeOffset.UtcNow));
    }

    /// <summary>Returns the missing blobs.</summary>
    public static List<Descriptor> Missing(LayoutFiles files, IEnumerable<Descriptor> parts) =>
        [.. parts.Where(p => !files.HasBlob(p.RequiredDigest))];

    /// <summary>Returns the digests of descriptors.</summary>
    public static HashSet<Digest> Digests(IEnumerable<Descriptor> parts) => [.. parts.Select(p => p.Digest)];

    /// <summary>Names an image and its signatures in an index; returns false if nothing changes. Requires the lock.</summary>
    public static bool SetAll(
        StoreLayout layout, LayoutFiles files, StoreIndex index, string name, Descriptor image, IReadOnlyList<(string Tag, Descriptor Manifest)> signatures)
    {
        DescriptorDocument entry = index.WithDigest(image.Digest)?.Copy() ?? DescriptorDocument.From(image);
        Stamp(entry);
        bool isChanged = index.Set(name, entry);
        string repository = ImageReference.Parse(name).Name;
        foreach ((string tag, Descriptor manifest) in signatures)
        {
            string whole = $"{repository}:{tag}";
            Descriptor joined = index.Named(whole) is { } old && old.ParsedDigest != manifest.Digest
                ? Join(layout, files, manifest, old.ToDescriptor())
                : manifest;
            isChanged |= index.Set(whole, DescriptorDocument.From(joined));
        }

        return isChanged;
    }

    private static Descriptor Join(StoreLayout layout, LayoutFiles files, Descriptor newer, Descriptor older)
    {
        byte[] joined;
        try
        {
            joined = SignatureUnion.Of(
                newer, files.ReadBlob(newer, StoreLimits.Manifest), older, files.ReadBlob(older, StoreLimits.Manifest));
        }
        catch (StoreException e) when (e.Fault is StoreFault.MissingBlob or StoreFault.DigestMismatch or StoreFault.DamagedManifest)
        {
            // The older one is damaged, so there is nothing to merge. The newer one was verified when it was pulled.
            return newer;
        }

        var digest = Digest.Of(joined);
        if (digest == newer.Digest)
        {
            return newer;
        }

        using TemporaryFile file = layout.WriteFile(joined);
        layout.Publish(file, digest);
        layout.SynchronizeBlobs();
        return newer with { Digest = digest, Size = joined.Length };
    }
}
