using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

public sealed partial class ImageStore
{
    /// <summary>
    /// Packs and stores an image under a name. Whatever had the name before loses it; its blobs stay until the next <see cref="Remove"/>,
    /// so that an <see cref="Image"/> in someone's hand can still be run.
    /// </summary>
    /// <exception cref="StoreException">The content or the reference is bad, or the disk refuses; then nothing has changed.</exception>
    public Image Add(ImageContent content, ImageReference reference)
    {
        var packed = PackedImage.From(content);
        string name = NameFor(reference, packed.Descriptor.Digest);
        var entry = DescriptorDocument.From(packed.Descriptor);
        Stamp(entry);
        Commit([packed.Program, packed.Config, packed.Manifest], (_, _, index) => index.Set(name, entry));
        return Stored(name, packed.Descriptor);
    }

    /// <summary>
    /// Packs and stores an image for several platforms under a name: an index of one manifest a platform. One platform alone gives a plain
    /// manifest, as <see cref="Add(ImageContent, ImageReference)"/> does.
    /// </summary>
    /// <param name="contents">One a platform.</param>
    /// <param name="reference">The name.</param>
    /// <exception cref="StoreException">Two are for one platform, a content or the reference is bad, or the disk refuses; then nothing has changed.</exception>
    public Image Add(IReadOnlyList<ImageContent> contents, ImageReference reference)
    {
        ArgumentNullException.ThrowIfNull(contents);
        if (contents is [var only])
        {
            return Add(only, reference);
        }

        PackedIndex packed = contents.Count > 0 ? PackedIndex.From(contents) : throw new StoreException(StoreFault.BadContent, "The image has no program.");
        string name = NameFor(reference, packed.Descriptor.Digest);
        var entry = DescriptorDocument.From(packed.Descriptor);
        Stamp(entry);
        Commit([.. packed.Images.SelectMany(image => (byte[][])[image.Program, image.Config, image.Manifest]), packed.Index], (_, _, index) => index.Set(name, entry));
        return Stored(name, packed.Descriptor);
    }

    /// <summary>
    /// Gives an image a further name in this store. Whatever had the name before loses it. An image of another store is copied with all
    /// that it refers to.
    /// </summary>
    /// <exception cref="StoreException">The image is no longer there or not whole, the reference is bad, or the disk refuses; then nothing has changed.</exception>
    public Image Tag(Image image, ImageReference reference) => Tag(image, reference, image.Store == Path ? this : new ImageStore(image.Store));

    /// <summary>
    /// Removes a name, found as by <see cref="Find"/>, and every blob that nothing refers to any more; a digest removes all names of the image. The
    /// last name of an image in a repository takes its signatures along.
    /// </summary>
    /// <exception cref="StoreException"><see cref="StoreFault.NotFound"/>; <see cref="StoreFault.Ambiguous"/>, also when a short name fits
    /// several names of one image; or the disk refuses.</exception>
    public RemoveResult Remove(string reference)
    {
        RefuseIfReadOnly();
        if (!Directory.Exists(Path))
        {
            // Reading says why, if it is no store; removing makes none.
            _ = Find(reference);
            throw NotFound(reference);
        }

        RemoveResult? result = null;
        IEnumerable<string?> gone = [];
        Commit([], (layout, files, index) =>
        {
            (IReadOnlyList<DescriptorDocument> found, bool byDigest) = ReferenceMatch.Find(index.Entries, reference);
            if (found.Count == 0)
            {
                throw NotFound(reference);
            }

            string[] names = [.. found.Select(e => e.ReferenceName ?? e.Digest ?? "").Distinct()];
            if (!byDigest && names.Length > 1)
            {
                throw new StoreException(
                    StoreFault.Ambiguous, $"'{reference}' fits several names of one image: {string.Join(", ", names.Select(TerminalText.Clean))}. Say which, or give the digest for all.");
            }

            index.Remove([.. found]);
            List<DescriptorDocument> orphans = SignatureNames.Orphans(index, files, Path);
            index.Remove(orphans);
            gone = [found[0].Digest, .. orphans.Select(o => o.Digest)];
            result = new RemoveResult([.. names.Select(TerminalText.Clean)], found[0].Digest ?? "", 0, 0);
            return true;
        }, files =>
        {
            (int blobs, long bytes) = new Sweep(files).Run(gone);
            result = result! with { BlobsDeleted = blobs, BytesFreed = bytes };
        });
        return result!;
    }

    internal Image Tag(Image image, ImageReference reference, ImageStore source)
    {
        string name = NameFor(reference, image.Digest);
        if (source.Path != Path)
        {
            return CopyFrom(source, image, name);
        }

        Commit([], (layout, files, index) =>
        {
            // Whole in this store, now and under the lock: a name must never point at nothing.
            IReadOnlyCollection<Descriptor> parts = new Closure(files, Path).Of(image.Descriptor);
            if (Missing(files, parts) is [var missing, ..])
            {
                throw new StoreException(StoreFault.MissingBlob, $"The image '{image.Reference}' is not whole: the blob {missing.Digest} is missing.");
            }

            (string Tag, DescriptorDocument Entry)[] signatures = [.. SignatureNames.Of(index, image.Repository, Digests(parts))];
            return SetAll(layout, files, index, name, image.Descriptor, [.. signatures.Select(s => (s.Tag, s.Entry.ToDescriptor()))]);
        });
        return Stored(name, image.Descriptor);
    }

    /// <summary>The name for the index, which is the reference with its tag, or with the digest where it has no tag.</summary>
    internal static string NameFor(ImageReference reference, string digest)
    {
        if (reference.Digest is not null && reference.Digest != digest)
        {
            throw new StoreException(StoreFault.BadReference, $"The reference '{reference}' names another digest than the image's, {digest}.");
        }

        ImageReference whole = reference.WithDefaultTag();
        return whole.Tag is null ? whole.ToString() : $"{whole.Name}:{whole.Tag}";
    }

    /// <summary>When it came into the store; the manifest must not know, or its digest would change with the time.</summary>
    private static void Stamp(DescriptorDocument entry)
    {
        entry.Annotations = new(entry.Annotations ?? []);
        entry.Annotations.TryAdd(AnnotationKeys.Created, PackedImage.Date(DateTimeOffset.UtcNow));
    }

    private StoreException NotFound(string reference) => new(StoreFault.NotFound, $"There is no image '{reference}' in '{Path}'.");

    /// <summary>An image that just got a name, by its digest: whoever gives the name to another one at the same moment does not hand that out here.</summary>
    internal Image Stored(string name, Descriptor image)
    {
        IReadOnlyList<Image> found = ReadEntries(index =>
        {
            if (index.Entries.FirstOrDefault(e => e.ReferenceName == name && e.Digest == image.Digest) is { } entry)
            {
                return [entry];
            }

            var own = DescriptorDocument.From(image);
            own.Annotations = new(own.Annotations ?? []) { [AnnotationKeys.ReferenceName] = name };
            return [own];
        });
        return found is [{ Fault: not { Fault: StoreFault.MissingBlob } } stored]
            ? stored
            : throw new StoreException(StoreFault.NotFound, $"The image '{name}' was stored, and removed by someone else at once.");
    }

    internal void RefuseIfReadOnly()
    {
        if (IsReadOnly)
        {
            throw new StoreException(StoreFault.ReadOnly, $"The store '{Path}' belongs to another user and is only read.");
        }
    }

    /// <summary>
    /// The one way of changing the store. Blobs go to disk under temporary names; then, under the lock, they get their final names, and the
    /// index is replaced if <paramref name="change"/> changed it (its answer). Whatever throws before that leaves the index as it was.
    /// </summary>
    private void Commit(
        IEnumerable<byte[]> blobs,
        Func<StoreLayout, LayoutFiles, StoreIndex, bool> change,
        Action<LayoutFiles>? afterwards = null)
    {
        RefuseIfReadOnly();
        Fault.Wrap(Path, () =>
        {
            using var layout = StoreLayout.Open(Path);
            var written = new List<(TemporaryFile File, ContentDigest Digest)>();
            try
            {
                foreach (byte[] blob in blobs)
                {
                    written.Add((TemporaryFile.Write(layout.Private, blob), ContentDigest.Of(blob)));
                }

                using FileLock held = layout.Lock();
                TemporaryFile.DeleteStale(layout.Private);
                layout.Complete();
                foreach ((TemporaryFile file, ContentDigest digest) in written)
                {
                    // In place of a blob that is there already too: what was written now is known to be right.
                    layout.Publish(file, digest);
                }

                using LayoutFiles files = Open() ?? throw Gone();
                var index = StoreIndex.Parse(files.ReadIndex());
                bool isChanged = change(layout, files, index);
                if (isChanged || written.Count > 0)
                {
                    // The names of blobs before the index that refers to them.
                    layout.SynchronizeBlobs();
                }

                if (isChanged)
                {
                    layout.Replace(LayoutFiles.IndexName, index.ToBytes());
                }

                afterwards?.Invoke(files);
            }
            finally
            {
                written.ForEach(w => w.File.Dispose());
            }

            return true;
        });
    }
}
