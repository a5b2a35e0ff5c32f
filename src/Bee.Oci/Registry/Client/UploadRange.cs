using System.Globalization;

namespace Bee.Oci.Registry.Client;

/// <summary>How far an upload is: the header <c>Range</c> of the registry's answers, <c>0-1023</c>.</summary>
internal static class UploadRange
{
    /// <summary>The number of bytes that the registry has; null where the answer does not say.</summary>
    public static long? Next(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues("Range", out var values))
        {
            return null;
        }

        string text = values.ToString().Trim();
        if (text.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
        {
            text = text["bytes=".Length..];
        }

        int dash = text.IndexOf('-');
        if (dash < 0 || text[..dash] != "0" || !long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long last) || last == long.MaxValue)
        {
            return null;
        }

        // The distribution project's registry says 0-0 for nothing at all. No chunk has one byte, so that is what it means.
        return last == 0 ? 0 : last + 1;
    }
}
