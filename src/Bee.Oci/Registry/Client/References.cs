using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Registry.Client;

/// <summary>Names that become part of an address: nothing goes there that was not looked at.</summary>
internal static class References
{
    /// <summary>The reference, if it is a tag or a <c>sha256:</c> digest.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>.</exception>
    public static string Check(string reference)
    {
        string? fault = reference.Contains(':') ? ReferenceGrammar.DigestFault(reference) : ReferenceGrammar.TagFault(reference);
        return fault is null ? reference : throw new RegistryException(RegistryFault.BadName, $"'{TerminalText.Clean(reference)}' is no tag and no digest: {fault}");
    }

    /// <summary>A tag.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>.</exception>
    public static string CheckTag(string tag) =>
        ReferenceGrammar.TagFault(tag) is { } fault ? throw new RegistryException(RegistryFault.BadName, $"Bad tag: {fault}") : tag;

    /// <summary>A repository's name.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>.</exception>
    public static string CheckRepository(string host, string name) =>
        (ReferenceGrammar.RepositoryFault(name) ?? ReferenceGrammar.LengthFault(host, name)) is { } fault
            ? throw new RegistryException(RegistryFault.BadName, $"Bad repository name '{TerminalText.Clean(name)}': {fault}")
            : name;

    /// <summary>The digest that a reference is; null for a tag.</summary>
    public static ContentDigest? Digest(string reference) => ContentDigest.TryParse(reference, out ContentDigest digest) ? digest : null;
}
