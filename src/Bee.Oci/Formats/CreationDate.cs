using System.Globalization;

namespace Bee.Oci.Formats;

/// <summary>Dates in images, RFC 3339.</summary>
internal static class CreationDate
{
    /// <summary>Local time; null where the text is no date, or the first day of year 1, which tools written in Go put where they have none.</summary>
    public static DateTime? Read(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date) && date.Year > 1 ? date.LocalDateTime : null;
}
