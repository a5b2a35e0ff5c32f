using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures.Layouts;
using Bee.Posix;

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
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What was found. A signature that is damaged, hostile or not for this image is a finding, not an exception.</returns>
    /// <exception cref="RegistryException">The registry could not be asked.</exception>
    /// <exception cref="StoreException">The store could not be read, or <see cref="SignedAs"/> is no reference.</exception>
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

            // Nothing of the content is read before somebody has vouched for it.
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

/// <summary>What was found when an image's signatures were looked at.</summary>
/// <param name="Digest">Digest of the image, <c>sha256:…</c>.</param>
/// <param name="Findings">Each signature that was found, valid or not; none for an image that nobody signed.</param>
public sealed record SignatureReport(Digest Digest, IReadOnlyList<SignatureFinding> Findings)
{
    private const int MostTold = 3;

    /// <summary>Whether one of the signatures at least is valid.</summary>
    public bool IsVerified => Findings.Any(finding => finding.IsValid);

    /// <summary>One sentence for a person, without a full stop: which key signed, or why nothing counts.</summary>
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
                1 => $"its signature does not count: {problems[0]}",
                <= MostTold => $"none of its signatures counts: {string.Join("; ", problems)}",
                _ => $"none of its signatures counts: {string.Join("; ", problems[..MostTold])}; and more",
            };
        }
    }
}

/// <summary>One signature, or something that stands where one would be.</summary>
/// <param name="Layout">Which of the three layouts.</param>
/// <param name="Manifest">Digest of the manifest that carries it; empty where that could not be read.</param>
/// <param name="Key">The key that made it; null where it is not valid.</param>
/// <param name="Problem">Why it does not count, as a sentence's end; null where it is valid.</param>
public sealed record SignatureFinding(SignatureLayout Layout, Digest? Manifest, VerificationKey? Key, string? Problem)
{
    /// <summary>Whether it was made with one of the keys, for this digest, and for this reference where the layout names one.</summary>
    public bool IsValid => Problem is null;

    /// <summary>The reference that the signature is for; null where the layout names none, or it was not made with one of the keys.</summary>
    public string? Reference { get; init; }
}
