using Bee.Oci.Repositories;

namespace Bee.Oci.Store;

public sealed partial class ImageStore
{
    /// <summary>
    /// What the store has of one repository, to be read as a registry's is: its tags, the manifests and blobs behind them, and the signatures that
    /// came with them. They are not shown by <see cref="List"/>.
    /// </summary>
    /// <param name="name">Registry and repository, <c>ghcr.io/me/opensnoop</c>, as in <see cref="Image.Repository"/>. Touches nothing yet.</param>
    public IReadOnlyRepository Repository(string name) => new StoreRepository(this, name);
}
