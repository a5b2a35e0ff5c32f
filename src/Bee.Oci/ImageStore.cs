namespace Bee.Oci;

/// <summary>
/// Images on disk: an OCI image layout that other tools (skopeo, oras) open too. Any number of threads and processes may use one store
/// at once; a process killed at any moment leaves it whole. Every member throws <see cref="StoreException"/> and nothing else when the
/// store is missing rights, damaged or hostile.
/// </summary>
public sealed partial class ImageStore
{
    /// <summary>The store in this directory, which is made when the first image is added. Touches nothing yet.</summary>
    public ImageStore(string path) => Path = System.IO.Path.GetFullPath(path);

    /// <summary>Where a process of this user keeps its images: BEE_STORE, else XDG_DATA_HOME/bee/store, else ~/.local/share/bee/store.</summary>
    public static string DefaultPath => throw new NotImplementedException();

    /// <summary>The directory, absolute.</summary>
    public string Path { get; }

    /// <summary>Whether this store belongs to someone else, so that it is only read.</summary>
    public bool IsReadOnly { get; internal init; }

    /// <summary>
    /// The images, one for each tag, sorted by reference. With a <paramref name="pattern"/> (<c>*</c>, <c>?</c> and <c>[a-z]</c>) those whose
    /// whole reference, repository or short name fits; without a colon in the pattern the tag does not matter.
    /// A damaged image is listed with its <see cref="Image.Problem"/>.
    /// </summary>
    public IReadOnlyList<Image> List(string? pattern = null) => throw new NotImplementedException();

    /// <summary>
    /// The image of a whole reference, a short name (<c>opensnoop:v1</c> for <c>ghcr.io/me/opensnoop:v1</c>), a digest or a unique prefix of one
    /// (four digits at least). The default tag is <c>latest</c>. Null if there is none.
    /// </summary>
    /// <exception cref="StoreException"><see cref="StoreFault.Ambiguous"/>: several fit, and the message names them.</exception>
    public Image? Find(string reference) => throw new NotImplementedException();

    /// <summary>Packs and stores an image under a name. Whatever had the name before loses it.</summary>
    /// <exception cref="StoreException">The content or the reference is bad, or the disk refuses; then nothing has changed.</exception>
    public Image Add(ImageContent content, ImageReference reference) => throw new NotImplementedException();

    /// <summary>Gives an image of this store a further name. Whatever had the name before loses it.</summary>
    public Image Tag(Image image, ImageReference reference) => throw new NotImplementedException();

    /// <summary>
    /// Removes a name, found as by <see cref="Find"/>, and every blob that nothing refers to any more; a digest removes all names of the image.
    /// </summary>
    /// <exception cref="StoreException"><see cref="StoreFault.NotFound"/> among others.</exception>
    public RemoveResult Remove(string reference) => throw new NotImplementedException();

    /// <summary>The eBPF object of an image of this store; length and digest are checked.</summary>
    public byte[] ReadProgram(Image image) => throw new NotImplementedException();
}
