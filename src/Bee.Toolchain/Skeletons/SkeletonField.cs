namespace Bee.Toolchain;

/// <summary>A field of what a skeleton reports.</summary>
/// <param name="Declaration">As in a C struct, without the semicolon: <c>char comm[16]</c>.</param>
/// <param name="Assignment">The statements that set it, with <c>@</c> for the field.</param>
/// <param name="Comment">What it means, or null where the name says it.</param>
/// <param name="Size">Its size in bytes.</param>
internal sealed record SkeletonField(string Declaration, string Assignment, string? Comment, int Size)
{
    /// <summary>The declared name.</summary>
    public string Name { get; } = NameOf(Declaration);

    /// <summary>The line of the struct.</summary>
    public string Line => Comment is null ? $"{Declaration};" : $"{Declaration};\t// {Comment}";

    /// <summary>The statements, for a field of this struct.</summary>
    /// <param name="place">What stands before the field's name: <c>event-&gt;</c> or <c>key.</c></param>
    public IEnumerable<string> Statements(string place) => Assignment.Replace("@", place + Name).Split('\n');

    private static string NameOf(string declaration)
    {
        int end = declaration.IndexOf('[');
        string head = (end < 0 ? declaration : declaration[..end]).TrimEnd();
        int start = head.Length;
        while (start > 0 && (char.IsAsciiLetterOrDigit(head[start - 1]) || head[start - 1] == '_'))
        {
            start--;
        }

        return head[start..];
    }
}
