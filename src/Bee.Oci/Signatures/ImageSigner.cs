using Bee.Oci.Registry;

namespace Bee.Oci.Signatures;

/// <summary>Signs images as cosign does with a key, without a transparency log.</summary>
public static class ImageSigner
{
    /// <summary>Signs an image and puts the signature beside it. An image that the key has signed already is left as it is.</summary>
    /// <param name="target">Where the image is and the signature goes.</param>
    /// <param name="reference">The image's name; its registry and repository go into the signature, where the layout has room for them.</param>
    /// <param name="image">The image's manifest or index.</param>
    /// <param name="key">The key.</param>
    /// <param name="layout">How the signature lies beside the image. <c>cosign verify --key</c> of versions 2 and 3 finds <see cref="SignatureLayout.Tag"/> without
    /// further options.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The manifest that carries the signature.</returns>
    /// <exception cref="SignatureException"><see cref="SignatureFault.BadSignatureImage"/>.</exception>
    /// <exception cref="RegistryException">The registry did not take it.</exception>
    public static Task<Descriptor> SignAsync(
        IRepository target, ImageReference reference, Descriptor image, SigningKey key, SignatureLayout layout = SignatureLayout.Tag, CancellationToken cancellation = default) =>
        throw new NotImplementedException();
}
