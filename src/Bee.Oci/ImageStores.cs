namespace Bee.Oci;

/// <summary>
/// The stores that a process reads: its own and, under sudo, the invoking user's, so that what was built without rights runs with them.
/// The second is trusted as far as the user is: every directory on its way and every file must belong to the user or root, nobody else
/// may write it, symbolic links are not followed. Everything is written to the own store.
/// </summary>
public sealed class ImageStores
{
    /// <summary>The stores; <paramref name="path"/> names the own one and then it is the only one.</summary>
    public ImageStores(string? path = null)
    {
        Own = new ImageStore(path ?? ImageStore.DefaultPath);
    }

    /// <summary>The store that is written, and looked through first.</summary>
    public ImageStore Own { get; }

    /// <summary>The invoking user's store under sudo; null otherwise.</summary>
    public ImageStore? Invoking { get; }

    /// <summary>
    /// What the last <see cref="List"/> or <see cref="Find"/> had against the invoking user's store; null if nothing. Such a store is passed over.
    /// </summary>
    public StoreException? InvokingFault { get; private set; }

    /// <summary>The images of both, the own store's first. See <see cref="ImageStore.List"/>.</summary>
    public IReadOnlyList<Image> List(string? pattern = null) => throw new NotImplementedException();

    /// <summary>The image in the own store, else in the other. See <see cref="ImageStore.Find"/>.</summary>
    public Image? Find(string reference) => throw new NotImplementedException();

    /// <summary>The eBPF object of an image of either store; length and digest are checked.</summary>
    public byte[] ReadProgram(Image image) => throw new NotImplementedException();
}
