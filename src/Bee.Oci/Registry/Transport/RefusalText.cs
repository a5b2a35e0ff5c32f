using System.Text;
using System.Text.Json;

namespace Bee.Oci.Registry.Transport;

/// <summary>
/// Redacts secrets of the request from a registry's error response, which may reach screens and logs.
/// </summary>
internal static class RefusalText
{
    private const int Longest = 64 << 10;
    private const string Instead = "(secret)";

    /// <summary>Replaces the body by a redacted one; by an empty one if it is too large for an error.</summary>
    /// <param name="answer">A response with a status from 400 on.</param>
    /// <param name="secrets">The secrets that were sent, in each encoding.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public static async Task CleanAsync(HttpResponseMessage answer, IReadOnlyList<string> secrets, CancellationToken cancellationToken)
    {
        byte[] words = await ReadAsync(answer.Content, cancellationToken).ConfigureAwait(false);
        Replace(answer, CleanJson(words, secrets) ?? Encoding.UTF8.GetBytes(Clean(Encoding.UTF8.GetString(words), secrets)));
    }

    /// <summary>Checks whether the body contains a word. The body can still be read afterwards.</summary>
    public static async Task<bool> SaysAsync(HttpResponseMessage answer, string word, CancellationToken cancellationToken)
    {
        byte[] words = await ReadAsync(answer.Content, cancellationToken).ConfigureAwait(false);
        Replace(answer, words);
        return Encoding.UTF8.GetString(words).Contains(word, StringComparison.Ordinal);
    }

    private static void Replace(HttpResponseMessage answer, byte[] words)
    {
        var clean = new ByteArrayContent(words);
        if (answer.Content.Headers.TryGetValues("Content-Type", out IEnumerable<string>? type))
        {
            clean.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        answer.Content.Dispose();
        answer.Content = clean;
    }

    /// <summary>Redacts secrets in a text.</summary>
    public static string Clean(string text, IReadOnlyList<string> secrets)
    {
        foreach (string secret in secrets.Where(secret => secret.Length > 0).OrderByDescending(secret => secret.Length))
        {
            text = text.Replace(secret, Instead, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>Redacts secrets in each string of a JSON document, independent of escapes; returns null if the body is not JSON.</summary>
    private static byte[]? CleanJson(byte[] words, IReadOnlyList<string> secrets)
    {
        try
        {
            using var document = JsonDocument.Parse(words);
            using var copy = new MemoryStream();
            using (var writer = new Utf8JsonWriter(copy))
            {
                Copy(document.RootElement, writer, secrets);
            }

            return copy.ToArray();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static void Copy(JsonElement element, Utf8JsonWriter writer, IReadOnlyList<string> secrets)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    writer.WritePropertyName(Clean(property.Name, secrets));
                    Copy(property.Value, writer, secrets);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Copy(item, writer, secrets);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Clean(element.GetString()!, secrets));
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        try
        {
            return await SmallBody.ReadAsync(content, Longest, cancellationToken).ConfigureAwait(false) ?? [];
        }
        catch (RegistryException)
        {
            // A truncated body could contain half of a secret, which is not recognized. The status is enough.
            return [];
        }
    }
}
