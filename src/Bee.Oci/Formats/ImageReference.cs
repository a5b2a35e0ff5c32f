using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Bee.Oci.Formats;

/// <summary>
/// The name of an image: <c>[registry[:port]/]repository[:tag][@digest]</c>. As usual for containers, the first component is a registry if it contains a dot
/// or a colon, is an IPv6 address in brackets, or is <c>localhost</c>. A name without a registry is one of the local store; no default registry is added.
/// </summary>
public sealed class ImageReference : IEquatable<ImageReference>
{
    /// <summary>The default tag of a reference without tag and digest.</summary>
    public const string DefaultTag = "latest";

    internal ImageReference(string? registry, string repository, string? tag, Digest? digest) =>
        (Registry, Repository, Tag, Digest) = (registry, repository, tag, digest);

    /// <summary>Host of the registry with its port, if the reference names one: <c>ghcr.io</c>, <c>localhost:5000</c>, <c>[::1]:5000</c>.</summary>
    public string? Registry { get; }

    /// <summary>Path of the repository in its registry: <c>me/opensnoop</c>.</summary>
    public string Repository { get; }

    /// <summary>The tag, if the reference has one.</summary>
    public string? Tag { get; }

    /// <summary>The digest; null if the reference has none. If the reference has a tag too, the digest identifies the image.</summary>
    public Digest? Digest { get; }

    /// <summary>Registry and repository: <c>ghcr.io/me/opensnoop</c>.</summary>
    public string Name => Registry is null ? Repository : $"{Registry}/{Repository}";

    /// <summary>Parses a reference.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.BadReference"/>: the message names the invalid part and the reason.</exception>
    public static ImageReference Parse(string text) =>
        TryParse(text, out ImageReference? reference, out string? problem)
            ? reference
            : throw new StoreException(StoreFault.BadReference, problem);

    /// <summary>Parses a reference; returns false if the text is invalid.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageReference? reference) =>
        TryParse(text, out reference, out _);

    /// <summary>Parses a reference; returns false and the reason in <paramref name="problem"/> if the text is invalid.</summary>
    public static bool TryParse(
        [NotNullWhen(true)] string? text,
        [NotNullWhen(true)] out ImageReference? reference,
        [NotNullWhen(false)] out string? problem)
    {
        reference = ReferenceGrammar.Read(text ?? "", out problem);
        return reference is not null;
    }

    /// <summary>Returns the length of an IPv6 address in brackets at the beginning of a reference or a pattern; 0 for none.</summary>
    /// <param name="text">A reference, a registry or a pattern. The brackets of <c>[::1]:5000/x</c> are not a wildcard.</param>
    internal static int AddressLength(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int close = text.StartsWith('[') ? text.IndexOf(']') : -1;
        return close > 0 && text.AsSpan(1, close - 1).Contains(':') && IPAddress.TryParse(text.AsSpan(1, close - 1), out _) ? close + 1 : 0;
    }

    /// <summary>Checks whether a text contains wildcards (<c>*</c>, <c>?</c>, <c>[a-z]</c>).</summary>
    /// <param name="text">A reference, a registry or a pattern.</param>
    internal static bool IsPattern(string text) => text.AsSpan(AddressLength(text)).IndexOfAny('*', '?', '[') >= 0;

    /// <summary>Returns this reference, with <see cref="DefaultTag"/> if it has neither tag nor digest.</summary>
    public ImageReference WithDefaultTag() => Tag is null && Digest is null ? new(Registry, Repository, DefaultTag, null) : this;

    /// <summary>Returns this reference pinned to a digest: <c>ghcr.io/me/opensnoop:v1@sha256:…</c>.</summary>
    public ImageReference WithDigest(Digest digest) => new(Registry, Repository, Tag, digest);

    /// <summary>The digest, the tag, or <see cref="DefaultTag"/>: what a repository resolves.</summary>
    internal string TagOrDigest => Digest?.ToString() ?? Tag ?? DefaultTag;

    /// <summary>Returns the text, which <see cref="Parse"/> accepts.</summary>
    public override string ToString() =>
        Name + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>Compares two references, case-sensitively.</summary>
    public bool Equals(ImageReference? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ImageReference);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);
}

/// <summary>
/// Parses references. Written by hand, so that an error names the invalid part. Rules: OCI Distribution Specification 1.1,
/// "Pulling manifests" (repository, tag), and the registry's host and port as distribution/reference has them.
/// </summary>
internal static class ReferenceGrammar
{
    private const int LongestName = 255;
    private const int LongestTag = 128;

    /// <summary>Parses a reference; returns null and the problem if it is invalid.</summary>
    public static ImageReference? Read(string text, out string problem)
    {
        if (text.Length == 0)
        {
            problem = "The image reference is empty.";
            return null;
        }

        if (Redaction.HasLogin(text))
        {
            problem = $"Bad image reference '{Redaction.WithoutLogin(text)}': no digest (sha256:…) follows its '@'. The part before the '@' may be a login and is not shown. References do not contain logins: log in to the registry instead.";
            return null;
        }

        string? fault = Split(text, out string? registry, out string repository, out string? tag, out string? digest)
            ?? (registry is null ? DigestLikeFault(repository) : RegistryFault(registry))
            ?? RepositoryFault(repository)
            ?? LengthFault(registry, repository)
            ?? (tag is null ? null : TagFault(tag))
            ?? (digest is null ? null : DigestFault(digest));
        problem = fault is null ? "" : $"Bad image reference '{text}': {fault}";
        return fault is null ? new ImageReference(registry, repository, tag, digest is null ? null : Digest.Parse(digest)) : null;
    }

    private static string? Split(string text, out string? registry, out string repository, out string? tag, out string? digest)
    {
        (registry, tag, digest) = (null, null, null);
        repository = text;
        if (text.Contains("://", StringComparison.Ordinal))
        {
            return "it starts with a scheme, which references do not have.";
        }

        int at = repository.IndexOf('@');
        if (at >= 0)
        {
            digest = repository[(at + 1)..];
            repository = repository[..at];
        }

        int slash = repository.IndexOf('/');
        if (slash >= 0 && LooksLikeRegistry(repository[..slash]))
        {
            registry = repository[..slash];
            repository = repository[(slash + 1)..];
        }

        int colon = repository.LastIndexOf(':');
        if (colon > repository.LastIndexOf('/'))
        {
            tag = repository[(colon + 1)..];
            repository = repository[..colon];
        }

        return null;
    }

    private static bool LooksLikeRegistry(string component) =>
        component == "localhost" || component.AsSpan().IndexOfAny(".:[") >= 0;

    // A text that looks like a digest must not match an image with that name.
    private static string? DigestLikeFault(string repository) =>
        repository == Digest.Prefix[..^1] || (repository.Length == Digest.HexLength && Digest.IsHex(repository))
            ? $"'{repository}' looks like a digest, so it cannot be the name of a repository without a registry. Write a digest after a name and '@'."
            : null;

    private static string? RegistryFault(string registry)
    {
        string host = registry;
        string? port = null;
        if (registry.StartsWith('['))
        {
            int close = registry.IndexOf(']');
            if (close < 0)
            {
                return $"the registry '{registry}' opens a bracket and does not close it.";
            }

            if (registry.AsSpan(1, close - 1).Contains('%'))
            {
                return $"the registry '{registry}' has a zone in its IPv6 address, which references do not have.";
            }

            if (!IPAddress.TryParse(registry[1..close], out IPAddress? address) || address.AddressFamily != AddressFamily.InterNetworkV6)
            {
                return $"the registry '{registry}' has no IPv6 address between its brackets.";
            }

            string rest = registry[(close + 1)..];
            if (rest.Length > 0 && rest[0] != ':')
            {
                return $"the registry '{registry}' has something other than a port after its brackets.";
            }

            return rest.Length == 0 ? null : PortFault(rest[1..], registry);
        }

        int colon = registry.IndexOf(':');
        if (colon >= 0)
        {
            port = registry[(colon + 1)..];
            host = registry[..colon];
        }

        foreach (string label in host.Split('.'))
        {
            if (label.Length == 0)
            {
                return $"the registry '{registry}' has an empty part in its host name.";
            }

            if (label[0] == '-' || label[^1] == '-' || !label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            {
                return $"the registry's host name '{host}' contains '{label}'; only letters, digits, dots and, inside a part, hyphens are allowed.";
            }
        }

        return port is null ? null : PortFault(port, registry);
    }

    private static string? PortFault(string port, string registry) =>
        port.Length is > 0 and <= 5 && port.All(char.IsAsciiDigit)
        && int.Parse(port, CultureInfo.InvariantCulture) is > 0 and <= 65535
            ? null
            : $"the registry '{registry}' has the port '{port}'; a port is a number from 1 to 65535.";

    internal static string? RepositoryFault(string repository)
    {
        if (repository.Length == 0)
        {
            return "it does not name a repository.";
        }

        foreach (string component in repository.Split('/'))
        {
            string? fault = ComponentFault(component);
            if (fault is not null)
            {
                return fault;
            }
        }

        return null;
    }

    private static string? ComponentFault(string component)
    {
        if (component.Length == 0)
        {
            return "the repository has an empty component (one slash too many).";
        }

        if (component.Any(char.IsAsciiLetterUpper))
        {
            return $"the repository component '{component}' has capital letters; repositories are lower-case.";
        }

        for (int i = 0; i < component.Length; i++)
        {
            char c = component[i];
            if (char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c))
            {
                continue;
            }

            if (c is not ('.' or '_' or '-'))
            {
                return $"the repository component '{component}' contains '{c}'; only letters, digits, '.', '_' and '-' are allowed.";
            }

            int run = 1;
            while (i + run < component.Length && component[i + run] == c)
            {
                run++;
            }

            bool inside = i > 0 && i + run < component.Length && char.IsAsciiLetterOrDigit(component[i + run]);
            if (!inside || (c == '.' && run > 1) || (c == '_' && run > 2))
            {
                return $"the repository component '{component}' has a separator ('.', '_', '__' or '-') that does not stand singly between letters or digits.";
            }

            i += run - 1;
        }

        return null;
    }

    internal static string? LengthFault(string? registry, string repository) =>
        (registry is null ? 0 : registry.Length + 1) + repository.Length > LongestName
            ? $"registry and repository are longer than {LongestName} characters."
            : null;

    internal static string? TagFault(string tag)
    {
        if (tag.Length == 0)
        {
            return "the tag after ':' is empty.";
        }

        if (tag.Length > LongestTag)
        {
            return $"the tag is longer than {LongestTag} characters.";
        }

        return tag[0] is '.' or '-' || !tag.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-')
            ? $"the tag '{tag}' contains characters other than letters, digits, '_', '.' and '-', or starts with '.' or '-'."
            : null;
    }

    internal static string? DigestFault(string digest) =>
        Digest.TryParse(digest, out _)
            ? null
            : $"the digest '{digest}' is not {Digest.Prefix} and {Digest.HexLength} lower-case hexadecimal digits.";
}
