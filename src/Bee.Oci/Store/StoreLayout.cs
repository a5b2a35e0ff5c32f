using System.Text.Json;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>A store that is open for writing. Creates its folders and fixed files. Symbolic links below the store's folder are not followed.</summary>
internal sealed class StoreLayout : IDisposable
{
    /// <summary>The version of the layout that Bee writes.</summary>
    public const string Version = "1.0.0";

    private const string LockName = "lock";
    private const string TemporaryPrefix = "tmp-";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Folder _root;
    private Folder? _blobs;

    private StoreLayout(Folder root, Folder privateFolder) => (_root, Private) = (root, privateFolder);

    /// <summary>Bee's own folder, with the lock and temporary files.</summary>
    public Folder Private { get; }

    /// <summary>Throws if a directory is not a store, or a layout of an unsupported version.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.NotAStore"/>.</exception>
    public static void Check(LayoutFiles files, string path)
    {
        if (files.ReadLayout() is { } content)
        {
            CheckVersion(content, path);
        }
        else if (!files.IsEmpty && !files.Has(LayoutFiles.PrivateName))
        {
            // Creating a store creates Bee's own directory first, so a directory with other content is not a store.
            throw new StoreException(StoreFault.NotAStore, $"'{path}' is a directory that contains something other than images.");
        }
    }

    /// <summary>Throws if a layout has an unsupported version.</summary>
    /// <param name="content">The file <c>oci-layout</c>.</param>
    /// <param name="path">The layout, for messages.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.NotAStore"/>.</exception>
    public static void CheckVersion(byte[] content, string path)
    {
        string? version = OciJson.Read(content, OciJson.Canonical.LayoutDocument, StoreFault.NotAStore, $"file {LayoutFiles.LayoutName} of '{path}'").Version;
        if (version?.StartsWith("1.", StringComparison.Ordinal) != true)
        {
            throw new StoreException(StoreFault.NotAStore, $"'{path}' is an OCI image layout of version '{TerminalText.Clean(version ?? "")}'; Bee supports {Version}.");
        }
    }

    /// <summary>Creates the folders that the lock needs. Throws if the directory has other content.</summary>
    /// <param name="path">The store's directory.</param>
    public static StoreLayout Open(string path)
    {
        var root = Folder.MakeForOwner(path, Folder.OwnerFolder);
        try
        {
            using (LayoutFiles files = LayoutFiles.Open(path, null)
                ?? throw new StoreException(StoreFault.Io, $"The image store '{path}' was removed while it was created."))
            {
                Check(files, path);
            }

            return new StoreLayout(root, root.MakeFolder(LayoutFiles.PrivateName, Folder.OwnerFolder));
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    /// <summary>Takes the store's lock.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Busy"/>.</exception>
    /// <exception cref="OperationCanceledException">The wait was canceled.</exception>
    public FileLock Lock(CancellationToken cancellationToken = default)
    {
        string path = Path.Combine(Private.Path, LockName);
        return FileLock.Wait(() => FileLock.TryTake(Private.OpenOrCreateFile(LockName, Folder.OwnerFile), path), s_patience, cancellationToken) ?? throw StoreException.Busy(path, s_patience);
    }

    /// <summary>Creates a file for a blob, under a temporary name.</summary>
    public TemporaryFile CreateFile() => TemporaryFile.CreateLocked(Private, TemporaryPrefix);

    /// <summary>Writes a file under a temporary name and synchronizes it to disk.</summary>
    public TemporaryFile WriteFile(ReadOnlySpan<byte> content)
    {
        TemporaryFile file = CreateFile();
        try
        {
            file.Append(content);
            file.Synchronize();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Deletes temporary files of killed writers. Requires the lock.</summary>
    public void DeleteStale() => TemporaryFile.DeleteStale(Private, TemporaryPrefix);

    /// <summary>Creates missing parts of the layout. Requires the lock.</summary>
    public void Complete()
    {
        using Folder blobs = _root.MakeFolder(LayoutFiles.BlobsName, Folder.OwnerFolder);
        bool isNew = blobs.StatusOf(LayoutFiles.AlgorithmName) is null;
        _blobs ??= blobs.MakeFolder(LayoutFiles.AlgorithmName, Folder.OwnerFolder);
        if (_root.StatusOf(LayoutFiles.LayoutName) is null)
        {
            Replace(LayoutFiles.LayoutName, OciJson.Write(new LayoutDocument { Version = Version }, OciJson.Canonical.LayoutDocument));
        }

        if (_root.StatusOf(LayoutFiles.IndexName) is null)
        {
            Replace(LayoutFiles.IndexName, StoreIndex.Parse(null).ToBytes());
        }

        if (isNew)
        {
            blobs.Synchronize();
        }
    }

    /// <summary>Renames a written blob to its final name, replacing an existing file. Requires the lock, and <see cref="Complete"/> before.</summary>
    public void Publish(TemporaryFile file, Digest digest) => file.MoveTo(_blobs!, digest.Hex);

    /// <summary>Synchronizes the folder of blobs, so that their names survive a power failure.</summary>
    public void SynchronizeBlobs() => _blobs!.Synchronize();

    /// <summary>Replaces a file of the layout atomically. Requires the lock.</summary>
    public void Replace(string name, byte[] content)
    {
        using TemporaryFile file = WriteFile(content);
        file.MoveTo(_root, name);
        _root.Synchronize();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _blobs?.Dispose();
        Private.Dispose();
        _root.Dispose();
    }
}

/// <summary>The layout's <c>index.json</c>: the images and their names. Keys and entries of other tools are preserved.</summary>
internal sealed class StoreIndex
{
    private readonly ManifestDocument _document;

    // The first entry of each name and digest; null after a removal. Avoids a linear search for each of many thousand names.
    private Firsts? _first;

    private StoreIndex(ManifestDocument document) => _document = document;

    /// <summary>The entries that are not null.</summary>
    public IEnumerable<DescriptorDocument> Entries => _document.Manifests!.OfType<DescriptorDocument>();

    /// <summary>Parses the index; null gives an empty one.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.DamagedIndex"/>.</exception>
    public static StoreIndex Parse(byte[]? content)
    {
        ManifestDocument document = content is null
            ? new ManifestDocument { MediaType = MediaTypes.ImageIndex }
            : OciJson.Read(content, OciJson.Canonical.ManifestDocument, StoreFault.DamagedIndex, $"image store's {LayoutFiles.IndexName}");
        document.Manifests ??= [];
        return new StoreIndex(document);
    }

    /// <summary>The file's content.</summary>
    /// <exception cref="StoreException">An entry of another tool cannot be preserved, because its text is not valid Unicode.</exception>
    public byte[] ToBytes()
    {
        try
        {
            return OciJson.Write(_document, OciJson.Canonical.ManifestDocument);
        }
        catch (Exception e) when (e is InvalidOperationException or JsonException)
        {
            throw new StoreException(StoreFault.DamagedIndex, $"The image store's {LayoutFiles.IndexName} cannot be changed: {e.Message}", e);
        }
    }

    /// <summary>
    /// Gives an image a name; an image that had it before loses it. If the image has the name already, its entry and its date are unchanged, and
    /// the result is false.
    /// </summary>
    public bool Set(string name, DescriptorDocument entry)
    {
        if (Named(name) is not null)
        {
            if (Entries.Where(e => e.ReferenceName == name).ToList() is [var only] && only.Digest == entry.Digest)
            {
                return false;
            }

            _document.Manifests!.RemoveAll(e => e?.ReferenceName == name);
            _first = null;
        }

        // A new dictionary, because a copied entry shares the original's.
        entry.Annotations = new(entry.Annotations ?? []) { [AnnotationKeys.ReferenceName] = name };
        entry.Annotations.Remove(AnnotationKeys.ContainerdName);
        _document.Manifests!.Add(entry);
        _first?.Note(entry);
        return true;
    }

    /// <summary>Removes entries.</summary>
    public void Remove(IReadOnlyCollection<DescriptorDocument> entries)
    {
        _document.Manifests!.RemoveAll(e => e is not null && entries.Contains(e));
        _first = null;
    }

    /// <summary>Returns the first entry with this name, or null.</summary>
    public DescriptorDocument? Named(string name) => First().Names.GetValueOrDefault(name);

    /// <summary>Returns the first entry with this digest, or null.</summary>
    public DescriptorDocument? WithDigest(Digest digest) => First().Digests.GetValueOrDefault(digest.ToString());

    // Concurrent callers may each create one, which is harmless.
    private Firsts First() => _first ??= new Firsts(Entries);

    private sealed class Firsts
    {
        public Firsts(IEnumerable<DescriptorDocument> entries)
        {
            foreach (DescriptorDocument entry in entries)
            {
                Note(entry);
            }
        }

        public Dictionary<string, DescriptorDocument> Names { get; } = [];

        public Dictionary<string, DescriptorDocument> Digests { get; } = [];

        public void Note(DescriptorDocument entry)
        {
            if (entry.ReferenceName is { } name)
            {
                Names.TryAdd(name, entry);
            }

            if (entry.Digest is { } digest)
            {
                Digests.TryAdd(digest, entry);
            }
        }
    }
}
