using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Signatures.Layouts;

/// <summary>What somebody signed.</summary>
/// <param name="Digests">Digests of images, <c>sha256:…</c>.</param>
/// <param name="Reference">The image's name; null where the layout has no room for one.</param>
internal sealed record Claim(IReadOnlyList<string> Digests, string? Reference)
{
    /// <summary>Holds what was signed against what was asked for.</summary>
    /// <param name="digest">Digest of the image that is there.</param>
    /// <param name="asked">Its name, as it was asked for.</param>
    /// <param name="signedAs">A repository that may stand instead of the one that was asked for; null for none.</param>
    /// <exception cref="UnusableSignatureException">It is for something else.</exception>
    public void Check(string digest, ImageReference asked, string? signedAs)
    {
        if (!Digests.Contains(digest, StringComparer.Ordinal))
        {
            string others = Digests.Count == 0 ? "no digest" : Digests.Count == 1 ? Digests[0] : $"{Digests[0]} and others";
            throw new UnusableSignatureException($"it is for another image: {TerminalText.Clean(others)}");
        }

        if (Reference is null)
        {
            return;
        }

        if (!ImageReference.TryParse(Reference, out ImageReference? claimed)
            || (RepositoryPattern.Name(claimed) != RepositoryPattern.Name(asked) && !(signedAs is not null && RepositoryPattern.Name(claimed) == RepositoryPattern.Name(ImageReference.Parse(signedAs)))))
        {
            throw new UnusableSignatureException($"it is for '{TerminalText.Clean(Reference)}', not for '{asked.Name}'");
        }

        // Most signatures name the repository alone. One that names a tag does not vouch for another.
        if ((claimed.Tag is not null && asked.Tag is not null && claimed.Tag != asked.Tag) || (claimed.Digest is not null && claimed.Digest != digest))
        {
            throw new UnusableSignatureException($"it is for '{TerminalText.Clean(Reference)}', not for '{asked}'");
        }
    }
}
