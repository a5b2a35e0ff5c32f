using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Store;

/// <summary>
/// The stores that a process reads: its own and, under sudo, that of the invoking user, so that root can run what the user built.
/// The second store is trusted only if each directory of its path and each file belongs to the user or root and is not writable by others;
/// symbolic links are not followed. All writes go to the own store.
/// </summary>
internal sealed class ImageStores
{
    private readonly IProgramDescriber? _describer;
    private readonly Func<IZstandard>? _zstandard;

    /// <summary>Opens the stores.</summary>
    /// <param name="path">The directory of the only store; null for the default ones.</param>
    /// <param name="describer">Describes programs of images without a description; may be null.</param>
    /// <param name="zstandard">Decompresses zstd; null rejects layers that need it.</param>
    /// <exception cref="StoreException">The path is invalid, or it is null and the user has no home directory.</exception>
    public ImageStores(string? path = null, IProgramDescriber? describer = null, Func<IZstandard>? zstandard = null)
        : this(new ImageStore(path ?? ImageStore.DefaultPath, null, describer, zstandard), path is null ? InvokingUser.Current : null, describer, zstandard)
    {
    }

    internal ImageStores(ImageStore own, InvokingUser? user, IProgramDescriber? describer = null, Func<IZstandard>? zstandard = null)
    {
        Own = own;
        _describer = describer;
        _zstandard = zstandard;
        if (user is not null && StorePaths.Of(user) is var second && second != own.Path)
        {
            Invoking = new ImageStore(second, user.Guard, describer, zstandard);
        }
    }

    /// <summary>The store that is written, and searched first.</summary>
    public ImageStore Own { get; }

    /// <summary>The invoking user's store under sudo; null otherwise.</summary>
    public ImageStore? Invoking { get; }

    /// <summary>
    /// The reason why the last <see cref="List"/> or <see cref="Find"/> skipped the invoking user's store; null if it did not. Report it to the
    /// user.
    /// </summary>
    public StoreException? InvokingFault { get; private set; }

    /// <summary>Lists the images of both stores, the own store's first. See <see cref="ImageStore.List"/>.</summary>
    /// <exception cref="StoreException">The own store as a whole cannot be read.</exception>
    public IReadOnlyList<Image> List(string? pattern = null) =>
        [.. Own.List(pattern), .. Second(store => store.List(pattern)) ?? []];

    /// <summary>Lists the images of a repository in both stores, the own store's first. See <see cref="ImageStore.ListTags"/>.</summary>
    /// <exception cref="StoreException">The own store as a whole cannot be read.</exception>
    public IReadOnlyList<Image> ListTags(string repository) =>
        [.. Own.ListTags(repository), .. Second(store => store.ListTags(repository)) ?? []];

    /// <summary>Finds an image in the own store, otherwise in the other one. See <see cref="ImageStore.Find"/>.</summary>
    /// <exception cref="StoreException">As <see cref="ImageStore.Find"/>.</exception>
    public Image? Find(string reference) => Own.Find(reference) ?? Second(store => store.Find(reference));

    /// <summary>Reads the eBPF object of an image from its store and verifies size and digest.</summary>
    /// <exception cref="StoreException">The image has no eBPF object, or it is missing or damaged.</exception>
    public byte[] ReadProgram(Image image) => Of(image).ReadProgram(image);

    /// <summary>Verifies every piece of an image in its store. See <see cref="ImageStore.Verify"/>.</summary>
    /// <exception cref="StoreException">That store as a whole cannot be read.</exception>
    public IReadOnlyCollection<BlobCheck> Verify(Image image) => Of(image).Verify(image);

    /// <summary>Gives an image of any store an additional name in the own store. See <see cref="ImageStore.Tag(Image, ImageReference)"/>.</summary>
    /// <exception cref="StoreException">As there.</exception>
    public Image Tag(Image image, ImageReference reference) => Own.Tag(image, reference, Of(image));

    /// <summary>
    /// Writes images and their signatures as a tar archive of an OCI image layout (skopeo's <c>oci-archive:</c>). The same images give the same
    /// bytes, independent of the store.
    /// </summary>
    /// <param name="images">The images, of any store.</param>
    /// <param name="output">The stream to write to; it need not seek.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    /// <exception cref="StoreException">An image is damaged or incomplete; the output is then invalid.</exception>
    public void Export(IReadOnlyList<Image> images, Stream output, CancellationToken cancellationToken = default) => Export(images, output, "", cancellationToken);

    /// <summary>The same with the layout in a folder of the archive.</summary>
    internal void Export(IReadOnlyList<Image> images, Stream output, string folder, CancellationToken cancellationToken = default)
    {
        var open = new Dictionary<string, (LayoutFiles Files, StoreIndex Index)>();
        try
        {
            var archive = new LayoutArchiveWriter(output, folder);
            foreach (Image image in images)
            {
                if (!open.TryGetValue(image.Store, out (LayoutFiles Files, StoreIndex Index) store))
                {
                    LayoutFiles files = Of(image).Open() ?? throw Of(image).Gone();
                    open.Add(image.Store, (files, StoreIndex.Parse(null)));
                    open[image.Store] = store = (files, StoreIndex.Parse(files.ReadIndex()));
                }

                archive.Add(store.Files, store.Index, image);
            }

            archive.Write(cancellationToken);
        }
        finally
        {
            foreach ((LayoutFiles files, _) in open.Values)
            {
                files.Dispose();
            }
        }
    }

    /// <summary>Returns the store of an image, which may be neither of the two.</summary>
    public ImageStore Of(Image image) =>
        image.Store == Own.Path ? Own : image.Store == Invoking?.Path ? Invoking : new ImageStore(image.Store, null, _describer, _zstandard);

    private T? Second<T>(Func<ImageStore, T?> read)
        where T : class
    {
        InvokingFault = null;
        if (Invoking is null)
        {
            return null;
        }

        try
        {
            return read(Invoking);
        }
        catch (StoreException e) when (e.Fault is not (StoreFault.BadReference or StoreFault.Ambiguous))
        {
            InvokingFault = e;
            return null;
        }
    }
}

/// <summary>The default directories of stores and settings.</summary>
internal static class StorePaths
{
    private const string StoreVariable = "BEE_STORE";

    /// <summary>The store of the user who runs this process.</summary>
    public static string Own() =>
        Named() is { } named && !UserFolders.BelongsToInvokingUser(named) ? named
        : UserFolders.Data is { } data ? Path.Combine(data, "bee", "store")
        : throw NoHome($"to store images in. Set {StoreVariable}");

    /// <summary>The store of the user who called sudo: the user's BEE_STORE if sudo preserved it, otherwise the default in the home directory.</summary>
    public static string Of(InvokingUser user) => Named() is { } named && UserFolders.BelongsToInvokingUser(named) ? named : InHome(user.Home);

    /// <summary>The folder for settings of the user who runs this process: XDG_CONFIG_HOME, else ~/.config.</summary>
    public static string Configuration() => UserFolders.Configuration ?? throw NoHome("to store settings in. Set XDG_CONFIG_HOME");

    /// <summary>The default store in a home directory.</summary>
    public static string InHome(string home) => Path.Combine(home, ".local", "share", "bee", "store");

    private static string? Named() => Environment.GetEnvironmentVariable(StoreVariable) is { Length: > 0 } named ? Path.GetFullPath(named) : null;

    private static StoreException NoHome(string purpose) => new(
        StoreFault.NotAStore, $"HOME is not set and user {UserAccount.EffectiveUser} has no home directory {purpose}.");
}
