namespace Bee.Ebpf.Metadata;

/// <summary>The name of a C type as an author gives it: <c>struct event</c>, <c>union event</c>, or a name alone, which is looked for as struct, union and typedef.</summary>
internal static class RecordTypeName
{
    private static readonly string[] s_tags = ["struct", "union"];

    /// <summary>What is wrong with a name; null when nothing is.</summary>
    /// <param name="text">The name.</param>
    public static string? Fault(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parts(text) is [.., var name] parts && IsIdentifier(name) && (parts.Length == 1 || (parts.Length == 2 && s_tags.Contains(parts[0])))
            ? null
            : $"'{text}' is not the name of a C type; write it as event or struct event.";
    }

    /// <summary>Returns the ways in which C can spell the type, the likeliest first.</summary>
    /// <param name="text">A name without a <see cref="Fault"/>.</param>
    public static IReadOnlyList<string> Spellings(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = Parts(text);
        return parts.Length == 1 ? [.. s_tags.Select(tag => $"{tag} {parts[0]}"), parts[0]] : [string.Join(' ', parts)];
    }

    /// <summary>Whether a text is an identifier of C.</summary>
    /// <param name="text">The text.</param>
    public static bool IsIdentifier(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }

    private static string[] Parts(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
