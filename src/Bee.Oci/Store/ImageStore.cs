using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>
/// Stores images on disk, in an OCI image layout that other tools (skopeo, oras) open too. Safe for concurrent use by threads and processes; a killed process
/// leaves the store consistent. If the store is inaccessible, damaged or hostile, members throw <see cref="StoreException"/> and nothing else.
/// </summary>
/// <remarks>
/// <para>
/// The annotation <c>org.opencontainers.image.ref.name</c> of an entry in <c>index.json</c> holds the whole reference, as in BumbleBee's store, because
/// one store holds many repositories: <c>skopeo inspect --raw oci:STORE:ghcr.io/me/opensnoop:v1</c>.
/// </para>
/// <para>
/// Writers write blobs under temporary names without a lock. Renaming blobs, replacing the index and deleting blobs need the store's lock, so
/// the blobs of a concurrent writer are never deleted. Readers need no lock: the index is replaced atomically, and every blob is on disk before
/// the index that refers to it. Other tools do not use the lock and should not write at the same time.
/// </para>
/// </remarks>
public sealed class ImageStore
{
    // How often a listing restarts because the index changed meanwhile.
    private const int Retries = 5;

    private readonly PathGuard? _guard;
    private readonly IProgramDescriber? _describer;
    private readonly Func<IZstandard>? _zstandard;

    internal ImageStore(string path, PathGuard? guard = null, IProgramDescriber? describer = null, Func<IZstandard>? zstandard = null)
    {
        try
        {
            Path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        }
        catch (ArgumentException e)
        {
            throw new StoreException(StoreFault.NotAStore, $"'{path}' is not a path for an image store: {e.Message}", e);
        }

        _guard = guard;
        _describer = describer;
        _zstandard = zstandard;
        Writer = new StoreWriter(this);
    }

    /// <summary>
    /// The default directory: <c>BEE_STORE</c>, else <c>XDG_DATA_HOME/bee/store</c>, else <c>~/.local/share/bee/store</c>. Under sudo the home is
    /// root's, even if sudo preserves the environment; otherwise root would create files in the user's store.
    /// </summary>
    public static string DefaultPath => StorePaths.Own();

    /// <summary>The directory, absolute.</summary>
    public string Path { get; }

    /// <summary>Opens the store in a directory. Adding the first image creates the directory; until then nothing is read or written.</summary>
    /// <param name="path">The directory; null for <see cref="DefaultPath"/>.</param>
    /// <exception cref="StoreException">The path is empty or invalid, or the user has no home directory.</exception>
    public static ImageStore Open(string? path = null) => new(path ?? DefaultPath);

    /// <summary>True if this process may write into the directory, or create it.</summary>
    public bool IsWritable
    {
        get
        {
            string? nearest = Path;
            while (nearest is not null && !Directory.Exists(nearest))
            {
                if (File.Exists(nearest))
                {
                    return false;
                }

                nearest = System.IO.Path.GetDirectoryName(nearest);
            }

            return nearest is not null && UserAccount.MayWriteInto(nearest);
        }
    }

    /// <summary>True if the store belongs to another user and is read-only.</summary>
    public bool IsReadOnly => _guard is not null;

    /// <summary>
    /// Lists the images, one for each name, sorted by reference. A <paramref name="pattern"/> (<c>*</c>, <c>?</c> and <c>[a-z]</c>) is matched against
    /// the whole reference, the repository and the short name; without a colon in the pattern the tag does not matter.
    /// A damaged image is listed with its <see cref="Image.Problem"/>. Signatures are not listed.
    /// </summary>
    /// <exception cref="StoreException">The store as a whole cannot be read.</exception>
    public IReadOnlyList<Image> List(string? pattern = null)
    {
        ReferencePattern? names = pattern is null ? null : new ReferencePattern(pattern);
        return ReadEntries(index => index.Entries.Where(e => SignatureNames.IsImage(e) && names?.Fits(e.ReferenceName ?? e.Digest ?? "") != false));
    }

    /// <summary>
    /// Finds an image by reference, short name (<c>opensnoop:v1</c> for <c>ghcr.io/me/opensnoop:v1</c>), digest, or unique prefix of a digest
    /// (at least four digits). The default tag is <c>latest</c>. Returns null if no image matches.
    /// </summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Ambiguous"/>: several images match, and the message lists them;
    /// <see cref="StoreFault.BadReference"/>; or the store as a whole cannot be read.</exception>
    public Image? Find(string reference) =>
        ReadEntries(index => ReferenceMatch.Find(index.Entries, reference).Entries.Take(1)) is [var image] ? image : null;

    /// <summary>
    /// Lists the images of a repository, one for each tag, sorted by reference. If no repository has the name, it is a short name (<c>opensnoop</c> for
    /// <c>ghcr.io/me/opensnoop</c>). Empty for a name with a tag or a digest.
    /// </summary>
    /// <exception cref="StoreException">The store as a whole cannot be read.</exception>
    public IReadOnlyList<Image> ListTags(string repository) => ReadEntries(index => ReferenceMatch.OfRepository(index.Entries, repository));

    /// <summary>Reads the eBPF object of an image of this store and verifies size and digest. An object in a container's layer is unpacked in memory.</summary>
    /// <exception cref="StoreException">The image has no eBPF object, or it is missing or damaged.</exception>
    public byte[] ReadProgram(Image image)
    {
        if (image.Fault is { } fault)
        {
            throw new StoreException(fault.Fault, fault.Message, fault);
        }

        ImageBlob program = image.Program ?? throw new StoreException(
            StoreFault.NoProgram,
            image.Platforms.Count > 1
                ? $"The image '{image.Reference}' has no program for {Platform.Host}; it is for {string.Join(", ", image.Platforms)}."
                : $"The image '{image.Reference}' does not contain an eBPF program in a format that Bee supports{(image.WhyNoProgram is { } why ? ": " + why : "")}.");
        using LayoutFiles files = Open() ?? throw Gone();
        byte[] layer = files.ReadBlob(program, StoreLimits.Program);
        return image.Format == ImageFormat.Bpfman
            ? LayerProgram.Unpack(layer, program.MediaType, BpfmanFormat.FileName(image.Labels), image.Reference, _zstandard)
            : layer;
    }

    /// <summary>
    /// Reads every piece of an image of this store (index, manifests, configs, layers) and verifies digest and size. Errors are in
    /// <see cref="BlobCheck.Fault"/>.
    /// </summary>
    /// <param name="image">The image, which may be damaged.</param>
    /// <returns>The pieces, each digest once, from the top.</returns>
    /// <exception cref="StoreException">The store as a whole cannot be read.</exception>
    public IReadOnlyCollection<BlobCheck> Verify(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        using LayoutFiles files = Open() ?? throw Gone();
        return Fault.Wrap(Path, () => new StoredPieces(files).Verify(image.Descriptor, files.CheckBlob));
    }

    /// <summary>
    /// Returns one repository of the store, with the interface of a registry's repository: tags, manifests, blobs, and the signatures, which
    /// <see cref="List"/> does not return.
    /// </summary>
    /// <param name="name">Registry and repository, <c>ghcr.io/me/opensnoop</c>, as in <see cref="Image.Repository"/>. Reads nothing yet.</param>
    public IReadOnlyRepository Repository(string name) => new LayoutRepository(new StoreContent(this), name);

    /// <summary>
    /// Packs an eBPF image and stores it under a name. An image that had the name before loses it; its blobs stay until the next <see cref="Remove"/>,
    /// so that existing <see cref="Image"/> objects can still be read.
    /// </summary>
    /// <exception cref="StoreException">The content or the reference is invalid, or a file operation fails; the store is then unchanged.</exception>
    public Image Add(ImageContent content, ImageReference reference)
    {
        var packed = PackedImage.From(content);
        string name = NameFor(reference, packed.Descriptor.Digest);
        var entry = DescriptorDocument.From(packed.Descriptor);
        StoreWriter.Stamp(entry);
        Writer.Commit([packed.Program, packed.Config, packed.Manifest], (_, _, index) => index.Set(name, entry));
        return Stored(name, packed.Descriptor);
    }

    /// <summary>
    /// Packs an eBPF image for several platforms and stores it under a name: an index with one manifest for each platform. A single platform gives a plain
    /// manifest, as <see cref="Add(ImageContent, ImageReference)"/> does.
    /// </summary>
    /// <param name="contents">The content for each platform.</param>
    /// <param name="reference">The name.</param>
    /// <exception cref="StoreException">Two contents have one platform, a content or the reference is invalid, or a file operation fails; the store is then unchanged.</exception>
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
        StoreWriter.Stamp(entry);
        Writer.Commit([.. packed.Images.SelectMany(image => (byte[][])[image.Program, image.Config, image.Manifest]), packed.Index], (_, _, index) => index.Set(name, entry));
        return Stored(name, packed.Descriptor);
    }

    /// <summary>Packs an artifact and stores it under a name. An artifact with a subject becomes a referrer of it: <see cref="Repository"/> lists it.</summary>
    /// <param name="artifact">The artifact.</param>
    /// <param name="reference">The name. An image that had it before loses it.</param>
    /// <exception cref="StoreException">The artifact or the reference is invalid, or a file operation fails; the store is then unchanged.</exception>
    public Image Add(ArtifactContent artifact, ImageReference reference)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        ArgumentNullException.ThrowIfNull(reference);
        var packed = PackedArtifact.From(artifact);
        string name = NameFor(reference, packed.Descriptor.Digest);
        List<byte[]> blobs = [.. packed.Blobs.Select(blob => blob.Content), packed.Manifest];
        List<(string Tag, Descriptor Manifest)> referrers = [];
        if (artifact.Subject is { } subject)
        {
            byte[] list = packed.ReferrersIndex();
            blobs.Add(list);
            referrers.Add((DigestTag.Referrers(subject.Digest), new Descriptor(MediaTypes.ImageIndex, Digest.Of(list), list.Length)));
        }

        Writer.Commit(blobs, (layout, files, index) => StoreWriter.SetAll(layout, files, index, name, packed.Descriptor, referrers));
        return Stored(name, packed.Descriptor);
    }

    /// <summary>
    /// Gives an image an additional name in this store. An image that had the name before loses it. An image of another store is copied, with its
    /// blobs and signatures.
    /// </summary>
    /// <exception cref="StoreException">The image was removed or is incomplete, the reference is invalid, or a file operation fails; the store is then unchanged.</exception>
    public Image Tag(Image image, ImageReference reference) => Tag(image, reference, image.Store == Path ? this : new ImageStore(image.Store));

    /// <summary>
    /// Removes a name, which is looked up as by <see cref="Find"/>, and garbage-collects blobs. A digest removes all names of the image. Removing the
    /// last name of an image in a repository removes its signatures too.
    /// </summary>
    /// <exception cref="StoreException"><see cref="StoreFault.NotFound"/>; <see cref="StoreFault.Ambiguous"/>, also if a short name matches
    /// several names of one image; or a file operation fails.</exception>
    public RemoveResult Remove(string reference)
    {
        RefuseIfReadOnly();
        if (!Directory.Exists(Path))
        {
            // Find reports a path that is not a store. Removing must not create one.
            _ = Find(reference);
            throw NotFound(reference);
        }

        RemoveResult? result = null;
        IEnumerable<string?> gone = [];
        Writer.Commit([], (layout, files, index) =>
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
                    StoreFault.Ambiguous, $"'{reference}' matches several names of one image: {string.Join(", ", names.Select(TerminalText.Clean))}. Use one of them, or the digest for all.");
            }

            index.Remove([.. found]);
            List<DescriptorDocument> orphans = SignatureNames.Orphans(index, files);
            index.Remove(orphans);
            gone = [found[0].Digest, .. orphans.Select(o => o.Digest)];
            result = new RemoveResult([.. names.Select(TerminalText.Clean)], found[0].ParsedDigest, 0, 0);
            return true;
        }, (files, index) =>
        {
            (int blobs, long bytes) = new Sweep(files).Run(index, gone);
            result = result! with { BlobsDeleted = result.BlobsDeleted + blobs, BytesFreed = result.BytesFreed + bytes };
        });
        return result!;
    }

    internal Image Tag(Image image, ImageReference reference, ImageStore source)
    {
        string name = NameFor(reference, image.Descriptor.ToDescriptor().Digest);
        if (source.Path != Path)
        {
            return Writer.CopyFrom(source, image, name);
        }

        Writer.Commit([], (layout, files, index) =>
        {
            // Checked under the lock: a name must never refer to an incomplete image.
            IReadOnlyCollection<Descriptor> parts = new StoredPieces(files).Of(image.Descriptor);
            if (StoreWriter.Missing(files, parts) is [var missing, ..])
            {
                throw new StoreException(StoreFault.MissingBlob, $"The image '{image.Reference}' is incomplete: the blob {missing.Digest} is missing.");
            }

            (string Tag, DescriptorDocument Entry)[] signatures = [.. SignatureNames.Of(index, image.Repository, StoreWriter.Digests(parts))];
            return StoreWriter.SetAll(layout, files, index, name, image.Descriptor, [.. signatures.Select(s => (s.Tag, s.Entry.ToDescriptor()))]);
        });
        return Stored(name, image.Descriptor);
    }

    /// <summary>Returns the name for the index: the reference with its tag, or with its digest if it has no tag.</summary>
    internal static string NameFor(ImageReference reference, Digest digest)
    {
        if (reference.Digest is not null && reference.Digest != digest)
        {
            throw new StoreException(StoreFault.BadReference, $"The digest in the reference '{reference}' is not the image's, {digest}.");
        }

        ImageReference whole = reference.WithDefaultTag();
        return whole.Tag is null ? whole.ToString() : $"{whole.Name}:{whole.Tag}";
    }

    private StoreException NotFound(string reference) => new(StoreFault.NotFound, $"There is no image '{reference}' in '{Path}'.");

    internal Image Stored(string name, Descriptor image) => Stored([(name, image)])[0];

    /// <summary>Returns images that were just named, in the same order, even if another process has moved a name since.</summary>
    internal IReadOnlyList<Image> Stored(IReadOnlyList<(string Name, Descriptor Image)> named)
    {
        IReadOnlyList<Image> found = ReadEntries(index => named.Select(one =>
        {
            if (index.Named(one.Name) is { } entry && entry.ParsedDigest == one.Image.Digest)
            {
                return entry;
            }

            var own = DescriptorDocument.From(one.Image);
            own.Annotations = new(own.Annotations ?? []) { [AnnotationKeys.ReferenceName] = one.Name };
            return own;
        }));
        if (found.FirstOrDefault(image => image.Fault?.Fault == StoreFault.MissingBlob) is { } removed)
        {
            throw new StoreException(StoreFault.NotFound, $"The image '{removed.Reference}' was stored, but another process removed it at once. Store it again.");
        }

        ILookup<(string, Digest), Image> images = found.ToLookup(image => (image.Reference, image.Descriptor.ToDescriptor().Digest));
        return [.. named.Select(one => images[(one.Name, one.Image.Digest)].First())];
    }

    internal void RefuseIfReadOnly()
    {
        if (IsReadOnly)
        {
            throw new StoreException(StoreFault.ReadOnly, $"The store '{Path}' belongs to another user and is read-only.");
        }
    }

    /// <summary>Returns the repositories that contain an image in the store: a registry may mount its blobs from there.</summary>
    internal IReadOnlyCollection<string> Namesakes(string digest)
    {
        using LayoutFiles files = Open() ?? throw Gone();
        return Fault.Wrap<IReadOnlyCollection<string>>(Path, () =>
        [
            .. StoreIndex.Parse(files.ReadIndex()).Entries
                .Where(e => e.Digest == digest && SignatureNames.IsImage(e))
                .Select(e => ImageReference.TryParse(e.ReferenceName, out ImageReference? parsed) ? parsed.Name : null)
                .OfType<string>()
                .Distinct(),
        ]);
    }

    /// <summary>Changes this store.</summary>
    internal StoreWriter Writer { get; }

    internal StoreException Gone() => new(StoreFault.MissingBlob, $"'{Path}' does not contain an image store.");

    internal LayoutFiles? Open() => LayoutFiles.Open(Path, _guard);

    private IReadOnlyList<Image> ReadEntries(Func<StoreIndex, IEnumerable<DescriptorDocument>> choose) =>
        Fault.Wrap(Path, () => ReadSettled(choose));

    private IReadOnlyList<Image> ReadSettled(Func<StoreIndex, IEnumerable<DescriptorDocument>> choose)
    {
        using LayoutFiles? files = Open();
        if (files is null)
        {
            return [];
        }

        StoreLayout.Check(files, Path);
        Image[] images = Read(files, choose);
        Array.ForEach(images, Describe);
        return images;
    }

    private Image[] Read(LayoutFiles files, Func<StoreIndex, IEnumerable<DescriptorDocument>> choose)
    {
        var reader = new ImageReader(files, Path);
        byte[]? content = files.ReadIndex();
        for (int attempt = 0; ; attempt++)
        {
            Image[] images = [.. choose(StoreIndex.Parse(content)).Select(reader.Read).OrderBy(i => i.Reference, StringComparer.Ordinal)];
            if (attempt == Retries || !images.Any(i => i.Fault?.Fault == StoreFault.MissingBlob))
            {
                return images;
            }

            // Another process may have removed the image meanwhile; then the index has changed too.
            byte[]? again = files.ReadIndex();
            if (content.AsSpan().SequenceEqual(again))
            {
                return images;
            }

            content = again;
        }
    }

    // Deferred, because it reads the program.
    private void Describe(Image image)
    {
        if (_describer is { } describer && image is { Format: ImageFormat.InspektorGadget, Fault: null, Program: not null })
        {
            image.DescribeBy(() =>
            {
                try
                {
                    return ConfigCheck.Sanitize(describer.Describe(ReadProgram(image), image.Metadata));
                }
                catch (StoreException)
                {
                    // Removed meanwhile, or damaged: reading the program reports it.
                    return ImageConfig.Empty;
                }
            });
        }
    }
}
