using System.Text.RegularExpressions;

namespace Bee.Toolchain;

/// <summary>A macro as clang's <c>-D</c> takes it: <c>NAME</c>, which stands for 1, or <c>NAME=VALUE</c>; the name may have parameters.</summary>
public static partial class MacroDefinition
{
    /// <summary>What is wrong with a definition; null when nothing is. clang reports it only where a header happens to use the name, or not at all.</summary>
    /// <param name="text">The definition.</param>
    public static string? Fault(string text) =>
        Form().IsMatch(text) ? null : $"'{text}' is no macro: NAME or NAME=VALUE is wanted, and a name has letters, digits and '_', with no digit first.";

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*(\([^()=]*\))?(=|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
