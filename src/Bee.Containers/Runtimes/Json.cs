using System.Text.Json;

namespace Bee.Containers.Runtimes;

/// <summary>Reads JSON that may have another shape than expected: a missing value, or one of another type, is null.</summary>
internal static class Json
{
    /// <summary>Parses a document.</summary>
    /// <param name="content">UTF-8 text.</param>
    /// <returns>The document; null if the text is not JSON.</returns>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> content)
    {
        try
        {
            return JsonDocument.Parse(content);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Returns a member of an object.</summary>
    /// <param name="value">The object.</param>
    /// <param name="name">The name of the member.</param>
    /// <returns>The member; null if the value is not an object, or has no such member.</returns>
    public static JsonElement? Member(this JsonElement value, string name)
    {
        try
        {
            return value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out JsonElement member) ? member : null;
        }
        catch (InvalidOperationException)
        {
            // Another member has a name with half a surrogate pair.
            return null;
        }
    }

    /// <summary>Returns a member that is text.</summary>
    /// <param name="value">The object.</param>
    /// <param name="name">The name of the member.</param>
    /// <returns>The text; null if it is empty, missing, or of another type.</returns>
    public static string? Text(this JsonElement value, string name) => value.Member(name) is { } member ? Text(member) : null;

    /// <summary>Returns a text.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The text; null if it is empty or of another type.</returns>
    public static string? Text(this JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
        }
        catch (InvalidOperationException)
        {
            // Text with half a surrogate pair.
            return null;
        }
    }

    /// <summary>Returns a member that is a positive number of at most 31 bits.</summary>
    /// <param name="value">The object.</param>
    /// <param name="name">The name of the member.</param>
    /// <returns>The number; 0 if it is missing, or of another type.</returns>
    public static int Number(this JsonElement value, string name) => value.Member(name) is { ValueKind: JsonValueKind.Number } member && member.TryGetInt32(out int number) && number > 0 ? number : 0;

    /// <summary>Returns the items of a member that is an array; empty if it is missing or of another type.</summary>
    /// <param name="value">The object.</param>
    /// <param name="name">The name of the member.</param>
    public static IEnumerable<JsonElement> Items(this JsonElement value, string name) => value.Member(name) is { ValueKind: JsonValueKind.Array } member ? member.EnumerateArray() : [];
}

/// <summary>Reads JSON from HTTP answers.</summary>
internal static class LimitedJson
{
    /// <summary>Reads the body of an answer.</summary>
    /// <param name="content">The body.</param>
    /// <param name="limit">The maximum size in bytes.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>The document; null if the body is larger than the limit, or not JSON.</returns>
    public static async Task<JsonDocument?> ReadAsync(HttpContent content, int limit, CancellationToken cancellationToken)
    {
        using Stream body = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var filled = new MemoryStream();
        byte[] part = new byte[64 << 10];
        while (await body.ReadAsync(part, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            if (filled.Length + read > limit)
            {
                return null;
            }

            filled.Write(part, 0, read);
        }

        return Json.Parse(filled.ToArray());
    }
}
