using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures.Layouts;
using Bee.Posix;

namespace Bee.Oci.Signatures;

/// <summary>Finds cosign's key-based signatures of an image in all three layouts, and verifies the signature, digest and reference of each. Ignores certificates,
/// transparency logs and timestamps.</summary>
public sealed class SignatureVerifier
{
    /// <summary>A repository that signatures may name instead of the image's, such as <c>ghcr.io/me/opensnoop</c>, for an image that was copied
    /// with its signatures; null for none. <see cref="SignatureLayout.Bundle"/> names no repository, so this does not affect it.</summary>
    public string? SignedAs { get; init; }

    /// <summary>Verifies the signatures of an image.</summary>
    /// <param name="repository">The repository of the image and its signatures, in a registry or a store.</param>
    /// <param name="reference">The name by which the image was requested. Signatures for another repository or tag are not valid.</param>
    /// <param name="digest">The digest of the image's manifest or index, <c>sha256:…</c>.</param>
    /// <param name="keys">The accepted keys. A signature by one of them suffices.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The findings. A damaged, hostile or foreign signature is a finding, not an exception.</returns>
    /// <exception cref="RegistryException">The registry cannot be reached or reports an error.</exception>
    /// <exception cref="StoreException">The store cannot be read, or <see cref="SignedAs"/> is not a reference.</exception>
    public async Task<SignatureReport> VerifyAsync(
        IReadOnlyRepository repository, ImageReference reference, Digest digest, IReadOnlyList<VerificationKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(repository);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(keys);
        var findings = new List<SignatureFinding>();
        await foreach (FoundSignature found in FoundSignature.AllAsync(repository, digest, cancellationToken).ConfigureAwait(false))
        {
            findings.Add(Check(found, reference, digest, keys));
        }

        return new SignatureReport(digest, findings);
    }

    private SignatureFinding Check(FoundSignature found, ImageReference reference, Digest digest, IReadOnlyList<VerificationKey> keys)
    {
        var finding = new SignatureFinding(found.Layout, found.Manifest, null, found.Problem);
        if (found.Problem is not null)
        {
            return finding;
        }

        try
        {
            (byte[] payload, byte[] signed, byte[] signature) = found.Open();
            VerificationKey key = keys.FirstOrDefault(key => key.Verify(signed, signature))
                ?? throw new UnusableSignatureException(keys.Count == 1 ? $"the key {keys[0]} did not make it" : $"none of the {keys.Count} keys made it");

            // The content is parsed only after a key has verified it.
            Claim claim = found.Layout == SignatureLayout.Bundle ? Statement.Read(payload) : SimpleSigningPayload.Read(payload);
            finding = finding with { Reference = claim.Reference is null ? null : TerminalText.Clean(claim.Reference) };
            claim.Check(digest, reference, SignedAs);
            return finding with { Key = key };
        }
        catch (UnusableSignatureException e)
        {
            return finding with { Problem = e.Message };
        }
    }
}

/// <summary>The result of verifying an image's signatures.</summary>
/// <param name="Digest">The digest of the image, <c>sha256:…</c>.</param>
/// <param name="Findings">All signatures that were found, valid or not; empty if the image has none.</param>
public sealed record SignatureReport(Digest Digest, IReadOnlyList<SignatureFinding> Findings)
{
    private const int MostTold = 3;

    /// <summary>Whether at least one signature is valid.</summary>
    public bool IsVerified => Findings.Any(finding => finding.IsValid);

    /// <summary>The result as a sentence without a period: which key signed, or why no signature is valid.</summary>
    public string Summary
    {
        get
        {
            if (Findings.FirstOrDefault(finding => finding.IsValid) is { } valid)
            {
                return $"signed with the key {valid.Key}";
            }

            string[] problems = [.. Findings.Select(finding => finding.Problem!).Distinct()];
            return problems.Length switch
            {
                0 => "it has no signature",
                1 => $"its signature is not valid: {problems[0]}",
                <= MostTold => $"none of its signatures is valid: {string.Join("; ", problems)}",
                _ => $"none of its signatures is valid: {string.Join("; ", problems[..MostTold])}; and more",
            };
        }
    }
}

/// <summary>A signature that was found, or the reason why one cannot be read.</summary>
/// <param name="Layout">The layout.</param>
/// <param name="Manifest">The digest of the signature's manifest; empty if the manifest cannot be read.</param>
/// <param name="Key">The key that signed; null if the signature is not valid.</param>
/// <param name="Problem">Why the signature is not valid, as the end of a sentence; null if it is valid.</param>
public sealed record SignatureFinding(SignatureLayout Layout, Digest? Manifest, VerificationKey? Key, string? Problem)
{
    /// <summary>Whether the signature is valid: by one of the keys, for this digest, and for this reference if the layout has one.</summary>
    public bool IsValid => Problem is null;

    /// <summary>The reference in the signature; null if the layout has none, or the signature is not by one of the keys.</summary>
    public string? Reference { get; init; }
}
