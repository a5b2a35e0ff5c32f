using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>Annotations of others, safe for a terminal.</summary>
internal static class Printable
{
    /// <summary>Returns annotations without those that have no value; their values may have several lines.</summary>
    public static IReadOnlyDictionary<string, string> Annotations(IEnumerable<KeyValuePair<string, string?>>? annotations)
    {
        var clean = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string? value) in annotations ?? [])
        {
            if (value is not null)
            {
                clean[TerminalText.Clean(key)] = TerminalText.CleanLines(value);
            }
        }

        return clean;
    }
}
