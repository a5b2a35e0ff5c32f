using Bee.Oci.Registry;

namespace Bee.Oci.Signatures;

/// <summary>Looks for cosign's key-based signatures of an image in all three layouts, and checks each: signature, digest and reference. Certificates,
/// transparency logs and timestamps are not looked at.</summary>
public sealed class SignatureVerifier
{
    /// <summary>The repository that signatures may name instead of the one that was asked for, <c>ghcr.io/me/opensnoop</c>: for an image that was copied
    /// with its signatures. Null for none. Does not matter for <see cref="SignatureLayout.Bundle"/>, which names no repository.</summary>
    public string? SignedAs { get; init; }

    /// <summary>Checks the signatures of an image.</summary>
    /// <param name="repository">Where the image and its signatures are: a registry's repository, or the store's.</param>
    /// <param name="reference">The image as it was asked for: signatures that name another repository or another tag do not count.</param>
    /// <param name="digest">Digest of the image's manifest or index, <c>sha256:…</c>.</param>
    /// <param name="keys">The keys of which one must have signed.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What was found. A signature that is damaged, hostile or not for this image is a finding, not an exception.</returns>
    /// <exception cref="RegistryException">The registry could not be asked.</exception>
    /// <exception cref="StoreException">The store could not be read.</exception>
    public Task<SignatureReport> VerifyAsync(
        IReadOnlyRepository repository, ImageReference reference, string digest, IReadOnlyList<VerificationKey> keys, CancellationToken cancellation = default) =>
        throw new NotImplementedException();
}
