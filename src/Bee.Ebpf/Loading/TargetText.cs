using System.Globalization;
using System.IO.Enumeration;

namespace Bee.Ebpf;

/// <summary>The text of a target that may mean several: names separated by commas, with the wildcards <c>*</c> and <c>?</c>.</summary>
internal static class TargetText
{
    /// <summary>True where the text has wildcards or several names.</summary>
    public static bool IsSeveral(string target) => target.AsSpan().ContainsAny("*?,");

    /// <summary>The names, still with their wildcards.</summary>
    public static string[] Split(string? target) => target?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>True where a name has wildcards.</summary>
    public static bool IsPattern(string name) => name.AsSpan().ContainsAny('*', '?');

    /// <summary>Reads an offset, in decimal or 0x hex.</summary>
    public static bool TryOffset(string text, out ulong offset) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? ulong.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out offset)
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset);

    /// <summary>True where a pattern fits a name; case counts.</summary>
    public static bool Fits(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
