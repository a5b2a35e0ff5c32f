using Bee.Oci.Formats;

namespace Bee.Oci.Store;

public sealed partial class ImageStore
{
    /// <summary>
    /// Gives an image whose parts were brought in by <see cref="Staging"/> its name, and its signatures theirs, all at once. Signatures that the
    /// store has already stay beside the new ones.
    /// </summary>
    /// <param name="name">The image's name, as from <see cref="NameFor"/>.</param>
    /// <param name="image">Its manifest or index.</param>
    /// <param name="manifests">Manifests to store with it.</param>
    /// <param name="parts">All that image and signatures refer to, without <paramref name="manifests"/>.</param>
    /// <param name="signatures">Tags of signatures in the image's repository, and what they stand for.</param>
    /// <returns>Parts that someone removed meanwhile; then nothing was named. None when all is done.</returns>
    internal IReadOnlyList<Descriptor> Name(
        string name,
        Descriptor image,
        IEnumerable<byte[]> manifests,
        IReadOnlyCollection<Descriptor> parts,
        IReadOnlyList<(string Tag, Descriptor Manifest)> signatures)
    {
        IReadOnlyList<Descriptor> missing = [];
        Commit(manifests, (layout, files, index) => (missing = Missing(files, parts)).Count == 0 && SetAll(layout, files, index, name, image, signatures));
        return missing;
    }

    private Image CopyFrom(ImageStore source, Image image, string name)
    {
        using LayoutFiles from = source.Open() ?? throw source.Gone();
        IReadOnlyCollection<Descriptor> parts = new Closure(from, source.Path).Of(image.Descriptor);
        var all = parts.ToDictionary(p => p.Digest);
        var signatures = new List<(string Tag, Descriptor Manifest)>();
        foreach ((string tag, DescriptorDocument entry) in SignatureNames.Of(StoreIndex.Parse(from.ReadIndex()), image.Repository, Digests(parts)))
        {
            var signature = entry.ToDescriptor();
            signatures.Add((tag, signature));
            foreach (Descriptor part in new Closure(from, source.Path).Of(signature))
            {
                all.TryAdd(part.Digest, part);
            }
        }

        RefuseIfReadOnly();
        using var staging = Staging.Open(Path, default);
        IReadOnlyCollection<Descriptor> missing = all.Values;
        for (int attempt = 0; attempt < Retries; attempt++)
        {
            foreach (Descriptor part in missing)
            {
                using BlobStream blob = from.OpenBlob(part);
                staging.AddAsync(part, blob, null, default).GetAwaiter().GetResult();
            }

            staging.FlushAsync().GetAwaiter().GetResult();
            missing = Name(name, image.Descriptor, [], all.Values, signatures);
            if (missing.Count == 0)
            {
                return Stored(name, image.Descriptor);
            }
        }

        throw Robbed(name);
    }

    internal StoreException Robbed(string name) => new(
        StoreFault.Busy, $"Others remove the blobs of '{name}' from the store '{Path}' as fast as they come; try again when they are done.");

    private static List<Descriptor> Missing(LayoutFiles files, IEnumerable<Descriptor> parts) =>
        [.. parts.Where(p => !files.HasBlob(ContentDigest.Parse(p.Digest)))];

    private static HashSet<string> Digests(IEnumerable<Descriptor> parts) => [.. parts.Select(p => p.Digest)];

    /// <summary>Names an image and its signatures in an index; false when that changes nothing. Only under the lock.</summary>
    private static bool SetAll(
        StoreLayout layout, LayoutFiles files, StoreIndex index, string name, Descriptor image, IReadOnlyList<(string Tag, Descriptor Manifest)> signatures)
    {
        DescriptorDocument entry = index.Entries.FirstOrDefault(e => e.Digest == image.Digest)?.Copy() ?? DescriptorDocument.From(image);
        Stamp(entry);
        bool isChanged = index.Set(name, entry);
        string repository = ImageReference.Parse(name).Name;
        foreach ((string tag, Descriptor manifest) in signatures)
        {
            string whole = $"{repository}:{tag}";
            Descriptor joined = index.Entries.FirstOrDefault(e => e.ReferenceName == whole) is { } old && old.Digest != manifest.Digest
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
            // The older one is damaged: nothing to keep. The newer one was verified when it came.
            return newer;
        }

        var digest = ContentDigest.Of(joined);
        if (digest.ToString() == newer.Digest)
        {
            return newer;
        }

        using var file = TemporaryFile.Write(layout.Private, joined);
        layout.Publish(file, digest);
        layout.SynchronizeBlobs();
        return newer with { Digest = digest.ToString(), Size = joined.Length };
    }
}
