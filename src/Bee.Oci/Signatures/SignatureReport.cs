using Bee.Oci.Signatures.Layouts;

namespace Bee.Oci.Signatures;

/// <summary>What was found when an image's signatures were looked at.</summary>
/// <param name="Digest">Digest of the image, <c>sha256:…</c>.</param>
/// <param name="Findings">Each signature that was found, valid or not; none for an image that nobody signed.</param>
public sealed record SignatureReport(string Digest, IReadOnlyList<SignatureFinding> Findings)
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
public sealed record SignatureFinding(SignatureLayout Layout, string Manifest, VerificationKey? Key, string? Problem)
{
    /// <summary>Whether it was made with one of the keys, for this digest, and for this reference where the layout names one.</summary>
    public bool IsValid => Problem is null;

    /// <summary>The reference that the signature is for; null where the layout names none, or it was not made with one of the keys.</summary>
    public string? Reference { get; init; }
}
