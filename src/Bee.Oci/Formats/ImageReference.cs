using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Bee.Oci.Formats;

/// <summary>
/// The name of an image: <c>[registry[:port]/]repository[:tag][@digest]</c>, where the repository may be nested. As everywhere with
/// containers the first component is a registry if it holds a dot or a colon, is an address in brackets, or is <c>localhost</c>.
/// Nothing is added to a short name: it is a name of the local store.
/// </summary>
public sealed class ImageReference : IEquatable<ImageReference>
{
    /// <summary>The tag that a reference without tag and digest means.</summary>
    public const string DefaultTag = "latest";

    internal ImageReference(string? registry, string repository, string? tag, string? digest) =>
        (Registry, Repository, Tag, Digest) = (registry, repository, tag, digest);

    /// <summary>Host of the registry with its port, if the reference names one: <c>ghcr.io</c>, <c>localhost:5000</c>, <c>[::1]:5000</c>.</summary>
    public string? Registry { get; }

    /// <summary>Path of the repository in its registry: <c>me/opensnoop</c>.</summary>
    public string Repository { get; }

    /// <summary>The tag, if the reference has one.</summary>
    public string? Tag { get; }

    /// <summary>The digest, <c>sha256:…</c>, if the reference has one. Where there is a tag too, the digest decides.</summary>
    public string? Digest { get; }

    /// <summary>Registry and repository: <c>ghcr.io/me/opensnoop</c>.</summary>
    public string Name => Registry is null ? Repository : $"{Registry}/{Repository}";

    /// <summary>Reads a reference.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.BadReference"/>: the message says which part is wrong, and why.</exception>
    public static ImageReference Parse(string text) =>
        TryParse(text, out ImageReference? reference, out string? problem)
            ? reference
            : throw new StoreException(StoreFault.BadReference, problem);

    /// <summary>Reads a reference; false when the text is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageReference? reference) =>
        TryParse(text, out reference, out _);

    /// <summary>Reads a reference; false when the text is none, and then <paramref name="problem"/> says which part is wrong.</summary>
    public static bool TryParse(
        [NotNullWhen(true)] string? text,
        [NotNullWhen(true)] out ImageReference? reference,
        [NotNullWhen(false)] out string? problem)
    {
        reference = ReferenceGrammar.Read(text ?? "", out problem);
        return reference is not null;
    }

    /// <summary>Returns the length of an IPv6 address in brackets with which a reference or a pattern begins; 0 where it begins with none.</summary>
    /// <param name="text">A reference, a registry or a pattern. The brackets of <c>[::1]:5000/x</c> are no wildcard.</param>
    public static int AddressLength(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int close = text.StartsWith('[') ? text.IndexOf(']') : -1;
        return close > 0 && text.AsSpan(1, close - 1).Contains(':') && IPAddress.TryParse(text.AsSpan(1, close - 1), out _) ? close + 1 : 0;
    }

    /// <summary>Returns whether the text has wildcards (<c>*</c>, <c>?</c>, <c>[a-z]</c>), so that it may mean several images.</summary>
    /// <param name="text">A reference, a registry or a pattern.</param>
    public static bool IsPattern(string text) => text.AsSpan(AddressLength(text)).IndexOfAny('*', '?', '[') >= 0;

    /// <summary>This reference, with <see cref="DefaultTag"/> if it has neither tag nor digest.</summary>
    public ImageReference WithDefaultTag() => Tag is null && Digest is null ? new(Registry, Repository, DefaultTag, null) : this;

    /// <summary>The reference as text; <see cref="Parse"/> of it gives the same reference.</summary>
    public override string ToString() =>
        Name + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>Whether both are the same name, part for part (case counts).</summary>
    public bool Equals(ImageReference? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ImageReference);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);
}
