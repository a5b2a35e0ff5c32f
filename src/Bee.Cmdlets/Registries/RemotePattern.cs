using System.Management.Automation;
using Bee.Oci.Formats;

namespace Bee.Cmdlets.Registries;

/// <summary>What a person looks for in a registry: <c>ghcr.io</c>, <c>ghcr.io/me/*</c>, <c>ghcr.io/me/opensnoop</c>, <c>ghcr.io/me/opensnoop:v*</c>.</summary>
/// <param name="Text">As the person gave it.</param>
/// <param name="Registry">The registry's host; null where none is named.</param>
/// <param name="Repository">Name or pattern of repositories; empty for all.</param>
/// <param name="Tag">Name or pattern of tags; null where none is given.</param>
/// <param name="Digest">A digest; null where none is given.</param>
internal sealed record RemotePattern(string Text, string? Registry, string Repository, string? Tag, string? Digest)
{
    /// <summary>True where all of the registry's repositories have to be looked through.</summary>
    public bool IsOverRepositories => Repository.Length == 0 || WildcardPattern.ContainsWildcardCharacters(Repository);

    /// <summary>True where all of a repository's tags have to be looked through.</summary>
    public bool IsOverTags => Digest is null && (Tag is null || WildcardPattern.ContainsWildcardCharacters(Tag));

    /// <summary>Reads what a person gave.</summary>
    public static RemotePattern Parse(string text)
    {
        // What is whole is read by the grammar of references, which says what is wrong with it. An IPv6 address has brackets, and is no wildcard.
        (string? registry, string rest) = SplitRegistry(text);
        if (!WildcardPattern.ContainsWildcardCharacters(rest) && rest.Length > 0)
        {
            var whole = ImageReference.Parse(registry is null ? rest : $"{registry}/{rest}");
            return new RemotePattern(text, whole.Registry, whole.Repository, whole.Tag, whole.Digest);
        }

        if (registry is not null)
        {
            // For what the grammar has to say of the host.
            _ = ImageReference.Parse($"{registry}/any");
        }

        if (rest.Contains('@'))
        {
            throw new StoreException(StoreFault.BadReference, $"Bad pattern '{text}': a digest names one image, and goes with no wildcard.");
        }

        int colon = rest.LastIndexOf(':');
        bool hasTag = colon > rest.LastIndexOf('/');
        return new RemotePattern(text, registry, hasTag ? rest[..colon] : rest, hasTag ? rest[(colon + 1)..] : null, null);
    }

    /// <summary>Whether a name is one that is looked for; case does not matter in patterns.</summary>
    public static bool Fits(string pattern, string name)
        => pattern.Length == 0 || WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(name);

    /// <summary>Whether this is a registry's host and nothing below it: ghcr.io, localhost:5000.</summary>
    public static bool IsRegistry(string text) => SplitRegistry(text) is { Registry: not null, Below: "" };

    private static (string? Registry, string Below) SplitRegistry(string text)
    {
        int slash = text.IndexOf('/');
        string first = slash < 0 ? text : text[..slash];
        return !IsHost(first, isAlone: slash < 0) ? (null, text) : (first, slash < 0 ? "" : text[(slash + 1)..]);
    }

    // Alone, opensnoop:v1 is an image and localhost:5000 a registry; before a slash a colon is always a port's.
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
