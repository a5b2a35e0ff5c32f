using System.Globalization;
using System.Text.RegularExpressions;
using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>
/// Matches repositories: <c>ghcr.io/me/opensnoop</c>, <c>ghcr.io/me/*</c>, <c>*.example.com/tools/*</c>, <c>*</c>. A <c>*</c> matches any characters except
/// slashes; as the last component it matches any depth. Patterns have no tags, because a tag can be moved to any content.
/// </summary>
internal sealed class RepositoryPattern
{
    private const string Library = "library/";

    private static readonly string[] s_dockerHub = ["docker.io", "index.docker.io", "registry-1.docker.io"];

    private readonly Regex _regex;

    private RepositoryPattern(string text, Regex regex) => (Text, _regex) = (text, regex);

    /// <summary>The pattern as written.</summary>
    public string Text { get; }

    /// <summary>Parses a pattern.</summary>
    /// <exception cref="FormatException">The pattern is invalid; the message names the reason.</exception>
    public static RepositoryPattern Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('/');
        if (text.Contains('@') || parts[^1].Contains(':') && parts.Length > 1)
        {
            throw new FormatException($"'{TerminalText.Clean(Redaction.WithoutLogin(text))}' has a tag or a digest. Rules are for repositories: tags can be moved, and digests have their own key.");
        }

        if (text.Contains("**", StringComparison.Ordinal))
        {
            // In other tools '**' matches any depth. Here it would not, so the rule would match less than its author expects.
            throw new FormatException($"'{TerminalText.Clean(Redaction.WithoutLogin(text))}' has '**'. One '*' as the last component matches everything below, at any depth.");
        }

        if (text != "*")
        {
            // With its wildcards replaced, the pattern must be a valid reference.
            string filled = (parts.Length == 1 ? $"{text}/x" : text).Replace("*", "x", StringComparison.Ordinal);
            if (!ImageReference.TryParse(filled, out ImageReference? reference, out string? problem))
            {
                throw new FormatException($"'{TerminalText.Clean(Redaction.WithoutLogin(text))}' fits no repository: {problem[(problem.IndexOf("': ", StringComparison.Ordinal) + 3)..]}");
            }

            if (parts.Length == 1 || (reference.Registry is null && parts[0] != "*"))
            {
                throw new FormatException($"'{TerminalText.Clean(Redaction.WithoutLogin(text))}' does not match repositories of a registry. Write a registry and a path: ghcr.io/me/*, or * for all.");
            }
        }

        parts[0] = Host(parts[0]);
        string below = parts[^1] == "*" ? ".+" : Component(parts[^1]);
        string pattern = string.Concat(parts[..^1].Select(part => Component(part) + "/")) + below;
        return new RepositoryPattern(text, new Regex($"^{pattern}\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
    }

    /// <summary>Matches an image by its registry and repository.</summary>
    public bool Fits(ImageReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (reference.Registry is null)
        {
            return false;
        }

        // Docker Hub's official images have two names, and a rule may use either.
        string name = Name(reference);
        string own = $"{s_dockerHub[0]}/{Library}";
        return _regex.IsMatch(name) || (name.StartsWith(own, StringComparison.Ordinal) && _regex.IsMatch($"{s_dockerHub[0]}/{name[own.Length..]}"));
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Maps a repository from this tree to another one: <c>mirror.lan/tools/x</c> becomes <c>ghcr.io/me/x</c> if this pattern is <c>mirror.lan/tools/*</c> and the
    /// other is <c>ghcr.io/me/*</c>.</summary>
    /// <param name="reference">An image that matches this pattern.</param>
    /// <param name="other">A repository, or a pattern that <see cref="Maps"/> accepts.</param>
    internal string Map(ImageReference reference, string other) =>
        IsTree(other) ? other[..^1] + string.Join('/', Name(reference).Split('/')[Text.Count(c => c == '/')..]) : other;

    /// <summary>Checks whether <see cref="Map"/> is defined: the other is one repository, or both patterns end in <c>/*</c>.</summary>
    internal bool Maps(string other) => !other.Contains('*') || (IsTree(other) && IsTree(Text));

    /// <summary>Returns registry and repository, with the canonical name of the registry.</summary>
    internal static string Name(ImageReference reference)
    {
        if (reference.Registry is null)
        {
            return reference.Repository;
        }

        string host = Host(reference.Registry);
        return $"{host}/{(host == s_dockerHub[0] && !reference.Repository.Contains('/') ? Library : "")}{reference.Repository}";
    }

    private static bool IsTree(string pattern) => pattern.EndsWith("/*", StringComparison.Ordinal) && pattern.IndexOf('*') == pattern.Length - 1;

    private static string Component(string part) => Regex.Escape(part).Replace("\\*", "[^/]*", StringComparison.Ordinal);

    // Canonical, so that another spelling of the registry does not bypass a rule: addresses ([0::1], 127.1) and ports with leading zeros have many.
    private static string Host(string registry)
    {
        string host = registry.ToLowerInvariant();
        int colon = host.LastIndexOf(':');
        int? port = null;
        if (colon > host.LastIndexOf(']'))
        {
            port = int.Parse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture);
            host = host[..colon];
        }

        host = Uri.TryCreate($"https://{host}/", UriKind.Absolute, out Uri? address) ? address.Host : host;
        host = s_dockerHub.Contains(host) ? s_dockerHub[0] : host;
        return port is null or 80 or 443 ? host : string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
    }
}
