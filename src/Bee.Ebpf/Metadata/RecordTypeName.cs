namespace Bee.Ebpf.Metadata;

/// <summary>The name of a C type in metadata: <c>struct event</c>, <c>union event</c>, or a bare name, which is looked up as struct, union and typedef.</summary>
internal static class RecordTypeName
{
    private static readonly string[] s_tags = ["struct", "union"];

    /// <summary>Returns why a name is invalid; null if it is valid.</summary>
    /// <param name="text">The name.</param>
    public static string? Fault(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parts(text) is [.., var name] parts && IsIdentifier(name) && (parts.Length == 1 || (parts.Length == 2 && s_tags.Contains(parts[0])))
            ? null
            : $"'{text}' is not a valid name of a C type. Write event or struct event.";
    }

    /// <summary>Returns the possible C spellings of the type, the most likely first.</summary>
    /// <param name="text">A valid name, for which <see cref="Fault"/> returns null.</param>
    public static IReadOnlyList<string> Spellings(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = Parts(text);
        return parts.Length == 1 ? [.. s_tags.Select(tag => $"{tag} {parts[0]}"), parts[0]] : [string.Join(' ', parts)];
    }

    /// <summary>Returns whether a text is a C identifier.</summary>
    /// <param name="text">The text.</param>
    public static bool IsIdentifier(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }

    private static string[] Parts(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
