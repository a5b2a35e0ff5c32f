using System.Management.Automation;
using Bee.Oci.Formats;

namespace Bee.Cmdlets.Registries;

/// <summary>A pattern for images in a registry: <c>ghcr.io</c>, <c>ghcr.io/me/*</c>, <c>ghcr.io/me/opensnoop</c>, <c>ghcr.io/me/opensnoop:v*</c>.</summary>
/// <param name="Text">The text that the user typed.</param>
/// <param name="Registry">The registry's host, or null.</param>
/// <param name="Repository">A name or pattern of repositories; empty for all.</param>
/// <param name="Tag">A name or pattern of tags, or null.</param>
/// <param name="Digest">A digest, or null.</param>
internal sealed record RemotePattern(string Text, string? Registry, string Repository, string? Tag, Digest? Digest)
{
    /// <summary>Whether the pattern needs a list of the registry's repositories.</summary>
    public bool IsOverRepositories => Repository.Length == 0 || WildcardPattern.ContainsWildcardCharacters(Repository);

    /// <summary>Whether the pattern needs a list of the repository's tags.</summary>
    public bool IsOverTags => Digest is null && (Tag is null || WildcardPattern.ContainsWildcardCharacters(Tag));

    /// <summary>Parses a pattern.</summary>
    public static RemotePattern Parse(string text)
    {
        // Text without wildcards is parsed as a reference, whose errors are specific. The brackets of an IPv6 address are not a wildcard.
        (string? registry, string rest) = SplitRegistry(text);
        if (!WildcardPattern.ContainsWildcardCharacters(rest) && rest.Length > 0)
        {
            var whole = ImageReference.Parse(registry is null ? rest : $"{registry}/{rest}");
            return new RemotePattern(text, whole.Registry, whole.Repository, whole.Tag, whole.Digest);
        }

        if (registry is not null)
        {
            // Parsed only for the errors about the host.
            _ = ImageReference.Parse($"{registry}/any");
        }

        if (rest.Contains('@'))
        {
            throw new StoreException(StoreFault.BadReference, $"Bad pattern '{text}': a digest names one image, so it cannot be combined with a wildcard.");
        }

        int colon = rest.LastIndexOf(':');
        bool hasTag = colon > rest.LastIndexOf('/');
        return new RemotePattern(text, registry, hasTag ? rest[..colon] : rest, hasTag ? rest[(colon + 1)..] : null, null);
    }

    /// <summary>Returns whether a name matches a pattern. Patterns ignore case.</summary>
    public static bool Fits(string pattern, string name)
        => pattern.Length == 0 || WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(name);

    /// <summary>Returns whether text is a registry's host without a repository: ghcr.io, localhost:5000.</summary>
    public static bool IsRegistry(string text) => SplitRegistry(text) is { Registry: not null, Below: "" };

    private static (string? Registry, string Below) SplitRegistry(string text)
    {
        int slash = text.IndexOf('/');
        string first = slash < 0 ? text : text[..slash];
        return !IsHost(first, isAlone: slash < 0) ? (null, text) : (first, slash < 0 ? "" : text[(slash + 1)..]);
    }

    // Without a slash, opensnoop:v1 is an image and localhost:5000 a registry. Before a slash, a colon always precedes a port.
    private static bool IsHost(string text, bool isAlone)
    {
        if (text is "localhost" || ImageReference.AddressLength(text) > 0)
        {
            return true;
        }

        int colon = text.IndexOf(':');
        string host = colon < 0 ? text : text[..colon];
        return !WildcardPattern.ContainsWildcardCharacters(host)
            && (host.Contains('.') || (colon >= 0 && (!isAlone || (text.Length > colon + 1 && text[(colon + 1)..].All(char.IsAsciiDigit)))));
    }
}
