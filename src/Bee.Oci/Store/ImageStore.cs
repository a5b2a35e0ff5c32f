using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>
/// Images on disk: an OCI image layout that other tools (skopeo, oras) open too. Any number of threads and processes may use one store
/// at once; a process killed at any moment leaves it whole. Every member throws <see cref="StoreException"/> and nothing else when the
/// store is missing rights, damaged or hostile.
/// </summary>
/// <remarks>
/// <para>
/// An image's name stands whole in the annotation <c>org.opencontainers.image.ref.name</c> of its entry in <c>index.json</c>, as BumbleBee's
/// own store has it, since one store holds many repositories: <c>skopeo inspect --raw oci:STORE:ghcr.io/me/opensnoop:v1</c>.
/// </para>
/// <para>
/// Writers write blobs under temporary names without any lock. Final names are given, the index is replaced and blobs are deleted under
/// one lock only, so no blob of a writer still at work can look abandoned. Readers take no lock: the index is replaced by renaming, and
/// every blob is on disk before an index that names it. Other tools do not know the lock and should not write at the same moment.
/// </para>
/// </remarks>
public sealed class ImageStore
{
    // How often a listing starts again because the index changed under it; then it is told as it is.
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
    /// Where a process of this user keeps its images: <c>BEE_STORE</c>, else <c>XDG_DATA_HOME/bee/store</c>, else
    /// <c>~/.local/share/bee/store</c>. Under sudo the home is root's even where sudo was told to keep the invoking user's environment, or
    /// root's files would land in the user's store.
    /// </summary>
    public static string DefaultPath => StorePaths.Own();

    /// <summary>The directory, absolute.</summary>
    public string Path { get; }

    /// <summary>Opens the store in a directory. Adding the first image creates the directory; until then nothing is read or written.</summary>
    /// <param name="path">The directory; null for <see cref="DefaultPath"/>.</param>
    /// <exception cref="StoreException">The path is empty or invalid, or the user has no home directory.</exception>
    public static ImageStore Open(string? path = null) => new(path ?? DefaultPath);

    /// <summary>Whether this process could add an image: it may write into the directory, or make it. Nothing is changed.</summary>
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

    /// <summary>Whether this store belongs to someone else, so that it is only read.</summary>
    public bool IsReadOnly => _guard is not null;

    /// <summary>
    /// The images, one for each name, sorted by reference. With a <paramref name="pattern"/> (<c>*</c>, <c>?</c> and <c>[a-z]</c>) those whose
    /// whole reference, repository or short name fits; without a colon in the pattern the tag does not matter.
    /// A damaged image is listed with its <see cref="Image.Problem"/>; signatures that came with images are not listed.
    /// </summary>
    /// <exception cref="StoreException">The store as a whole cannot be read.</exception>
    public IReadOnlyList<Image> List(string? pattern = null)
    {
        ReferencePattern? names = pattern is null ? null : new ReferencePattern(pattern);
        return ReadEntries(index => index.Entries.Where(e => SignatureNames.IsImage(e) && names?.Fits(e.ReferenceName ?? e.Digest ?? "") != false));
    }

    /// <summary>
    /// The image of a whole reference, a short name (<c>opensnoop:v1</c> for <c>ghcr.io/me/opensnoop:v1</c>), a digest or a unique prefix of one
    /// (four digits at least). The default tag is <c>latest</c>. Null if there is none.
    /// </summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Ambiguous"/>: several fit, and the message names them;
    /// <see cref="StoreFault.BadReference"/>; or the store as a whole cannot be read.</exception>
    public Image? Find(string reference) =>
        ReadEntries(index => ReferenceMatch.Find(index.Entries, reference).Entries.Take(1)) is [var image] ? image : null;

    /// <summary>
    /// The images of a repository, one for each tag, sorted by reference: that of the name, else those of which it is the short name (<c>opensnoop</c> for
    /// <c>ghcr.io/me/opensnoop</c>). None for a name with a tag or a digest.
    /// </summary>
    /// <exception cref="StoreException">The store as a whole cannot be read.</exception>
    public IReadOnlyList<Image> ListTags(string repository) => ReadEntries(index => ReferenceMatch.OfRepository(index.Entries, repository));

    /// <summary>The eBPF object of an image of this store; length and digest are checked. One that is in a container's layer is unpacked in memory.</summary>
    /// <exception cref="StoreException">The image has none, or it is missing or damaged.</exception>
    public byte[] ReadProgram(Image image)
    {
        if (image.Fault is { } fault)
        {
            throw new StoreException(fault.Fault, fault.Message, fault);
        }

        Descriptor program = image.Program ?? throw new StoreException(
            StoreFault.NoProgram,
            image.Platforms.Count > 1
                ? $"The image '{image.Reference}' has no program for {Platform.Host}; it is for {string.Join(", ", image.Platforms)}."
                : $"The image '{image.Reference}' has no eBPF program that Bee knows{(image.WhyNoProgram is { } why ? ": " + why : "")}.");
        using LayoutFiles files = Open() ?? throw Gone();
        byte[] layer = files.ReadBlob(program, StoreLimits.Program);
        return image.Format == ImageFormat.Bpfman
            ? LayerProgram.Unpack(layer, program.MediaType, BpfmanFormat.FileName(image.Labels), image.Reference, _zstandard)
            : layer;
    }

    /// <summary>
    /// Reads every piece of an image of this store (index, manifests, configs, layers) and compares its digest and length. What is wrong stands in
    /// <see cref="BlobCheck.Fault"/>.
    /// </summary>
    /// <param name="image">The image; a damaged one too.</param>
    /// <returns>The pieces, each digest once, from the top.</returns>
    /// <exception cref="StoreException">The store as a whole cannot be read.</exception>
    public IReadOnlyCollection<BlobCheck> Verify(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        using LayoutFiles files = Open() ?? throw Gone();
        return Fault.Wrap(Path, () => new StoredPieces(files).Verify(image.Descriptor, files.CheckBlob));
    }

    /// <summary>
    /// What the store has of one repository, to be read as a registry's is: its tags, the manifests and blobs behind them, and the signatures that
    /// came with them. They are not shown by <see cref="List"/>.
    /// </summary>
    /// <param name="name">Registry and repository, <c>ghcr.io/me/opensnoop</c>, as in <see cref="Image.Repository"/>. Touches nothing yet.</param>
    public IReadOnlyRepository Repository(string name) => new LayoutRepository(new StoreContent(this), name);

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
        StoreWriter.Stamp(entry);
        Writer.Commit([packed.Program, packed.Config, packed.Manifest], (_, _, index) => index.Set(name, entry));
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
                    StoreFault.Ambiguous, $"'{reference}' fits several names of one image: {string.Join(", ", names.Select(TerminalText.Clean))}. Say which, or give the digest for all.");
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
        string name = NameFor(reference, image.Descriptor.Digest);
        if (source.Path != Path)
        {
            return Writer.CopyFrom(source, image, name);
        }

        Writer.Commit([], (layout, files, index) =>
        {
            // Whole in this store, now and under the lock: a name must never point at nothing.
            IReadOnlyCollection<Descriptor> parts = new StoredPieces(files).Of(image.Descriptor);
            if (StoreWriter.Missing(files, parts) is [var missing, ..])
            {
                throw new StoreException(StoreFault.MissingBlob, $"The image '{image.Reference}' is not whole: the blob {missing.Digest} is missing.");
            }

            (string Tag, DescriptorDocument Entry)[] signatures = [.. SignatureNames.Of(index, image.Repository, StoreWriter.Digests(parts))];
            return StoreWriter.SetAll(layout, files, index, name, image.Descriptor, [.. signatures.Select(s => (s.Tag, s.Entry.ToDescriptor()))]);
        });
        return Stored(name, image.Descriptor);
    }

    /// <summary>The name for the index, which is the reference with its tag, or with the digest where it has no tag.</summary>
    internal static string NameFor(ImageReference reference, Digest digest)
    {
        if (reference.Digest is not null && reference.Digest != digest)
        {
            throw new StoreException(StoreFault.BadReference, $"The reference '{reference}' names another digest than the image's, {digest}.");
        }

        ImageReference whole = reference.WithDefaultTag();
        return whole.Tag is null ? whole.ToString() : $"{whole.Name}:{whole.Tag}";
    }

    private StoreException NotFound(string reference) => new(StoreFault.NotFound, $"There is no image '{reference}' in '{Path}'.");

    internal Image Stored(string name, Descriptor image) => Stored([(name, image)])[0];

    /// <summary>Returns images that just got names, by their digests and in the same order, even where another process has given a name to another image since.</summary>
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
            throw new StoreException(StoreFault.NotFound, $"The image '{removed.Reference}' was stored, and removed by someone else at once.");
        }

        ILookup<(string, Digest), Image> images = found.ToLookup(image => (image.Reference, image.Descriptor.Digest));
        return [.. named.Select(one => images[(one.Name, one.Image.Digest)].First())];
    }

    internal void RefuseIfReadOnly()
    {
        if (IsReadOnly)
        {
            throw new StoreException(StoreFault.ReadOnly, $"The store '{Path}' belongs to another user and is only read.");
        }
    }

    /// <summary>The registries' repositories, without the registry, in which the store has an image too: a registry may take its blobs over from there.</summary>
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

    /// <summary>What changes this store.</summary>
    internal StoreWriter Writer { get; }

    internal StoreException Gone() => new(StoreFault.MissingBlob, $"There is no image store at '{Path}'.");

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

            // Missing because someone removed the image just now? Then the index says so too.
            byte[]? again = files.ReadIndex();
            if (content.AsSpan().SequenceEqual(again))
            {
                return images;
            }

            content = again;
        }
    }

    // Few people ask for it, and it takes reading the program.
    private void Describe(Image image)
    {
        if (_describer is { } describer && image is { Format: ImageFormat.InspektorGadget, Fault: null, Program: not null })
        {
            image.DescribeBy(() =>
            {
                try
                {
                    return ConfigCheck.Sound(describer.Describe(ReadProgram(image), image.Metadata));
                }
                catch (StoreException)
                {
                    // Removed meanwhile, or damaged: whoever uses the program is told.
                    return ImageConfig.Empty;
                }
            });
        }
    }
}
