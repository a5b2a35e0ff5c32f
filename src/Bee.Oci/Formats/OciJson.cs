using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>Serializes JSON documents by generated code, which starts fast and writes deterministically.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ManifestDocument))]
[JsonSerializable(typeof(PlatformDocument))]
[JsonSerializable(typeof(LayoutDocument))]
[JsonSerializable(typeof(ImageConfig))]
[JsonSerializable(typeof(ContainerConfigDocument))]
[JsonSerializable(typeof(TagListDocument))]
[JsonSerializable(typeof(CatalogDocument))]
internal sealed partial class OciJson : JsonSerializerContext
{
    /// <summary>The context that writes deterministically.</summary>
    public static OciJson Canonical { get; } = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = CanonicalEncoder.Instance,
    });

    /// <summary>Serializes a document.</summary>
    public static byte[] Write<T>(T document, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(document, type);

    /// <summary>Deserializes a document from an untrusted source.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="type">The type of the document.</param>
    /// <param name="fault">The fault of the exception for a malformed document.</param>
    /// <param name="what">The kind of document, for the message.</param>
    public static T Read<T>(ReadOnlySpan<byte> content, JsonTypeInfo<T> type, StoreFault fault, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(content, type)
                ?? throw new StoreException(fault, $"The {what} is the JSON value null.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException or FormatException or ArgumentException)
        {
            // The reader throws other exceptions than JsonException for some malformed text, such as a lone surrogate in a key.
            throw new StoreException(fault, $"The {what} cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>
/// Escapes only what JSON requires. .NET's encoders use tables that change with Unicode versions, so the same image could get another digest on another
/// version of .NET; and they escape the '+' of a media type as <c>\u002B</c>.
/// </summary>
internal sealed class CanonicalEncoder : JavaScriptEncoder
{
    /// <summary>The only instance.</summary>
    public static CanonicalEncoder Instance { get; } = new();

    /// <inheritdoc/>
    public override int MaxOutputCharactersPerInputCharacter => 6;

    /// <inheritdoc/>
    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var span = new ReadOnlySpan<char>(text, textLength);
        for (int i = 0; i < span.Length; i++)
        {
            if (char.IsSurrogate(span[i]))
            {
                if (i + 1 < span.Length && char.IsSurrogatePair(span[i], span[i + 1]))
                {
                    i++;
                    continue;
                }

                return i;
            }

            if (WillEncode(span[i]))
            {
                return i;
            }
        }

        return -1;
    }

    /// <inheritdoc/>
    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var span = new Span<char>(buffer, bufferLength);
        string? escape = unicodeScalar switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            < 0x20 or 0x7f => $"\\u{unicodeScalar:x4}",
            _ => null,
        };
        if (escape is null)
        {
            return new Rune(unicodeScalar).TryEncodeToUtf16(span, out numberOfCharactersWritten);
        }

        bool fits = escape.AsSpan().TryCopyTo(span);
        numberOfCharactersWritten = fits ? escape.Length : 0;
        return fits;
    }

    /// <inheritdoc/>
    public override bool WillEncode(int unicodeScalar) => unicodeScalar is < 0x20 or '"' or '\\' or 0x7f;
}

/// <summary>
/// Converts an untyped value to plain .NET objects: a string, a list or a dictionary. Numbers and Booleans become strings as JSON writes them. Output then
/// shows the value instead of a JsonElement.
/// </summary>
internal sealed class PlainValueConverter : JsonConverter<object>
{
    /// <inheritdoc/>
    public override object? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return Plain(document.RootElement);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
    {
        switch (value)
        {
            case string text:
                writer.WriteStringValue(text);
                break;
            case IReadOnlyDictionary<string, object?> fields:
                writer.WriteStartObject();
                foreach ((string name, object? field) in fields)
                {
                    writer.WritePropertyName(name);
                    WriteOrNull(writer, field, options);
                }

                writer.WriteEndObject();
                break;
            case IEnumerable<object?> items:
                writer.WriteStartArray();
                foreach (object? item in items)
                {
                    WriteOrNull(writer, item, options);
                }

                writer.WriteEndArray();
                break;
            default:
                throw new JsonException($"A plain value is text, a list or a dictionary, not {value.GetType().Name}.");
        }
    }

    private void WriteOrNull(Utf8JsonWriter writer, object? value, JsonSerializerOptions options)
    {
        if (value is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            Write(writer, value, options);
        }
    }

    // Sanitized, because the value is untrusted and may be shown on a terminal.
    private static object? Plain(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().DistinctBy(field => TerminalText.Clean(field.Name)).ToDictionary(field => TerminalText.Clean(field.Name), field => Plain(field.Value)),
        JsonValueKind.Array => json.EnumerateArray().Select(Plain).ToArray(),
        JsonValueKind.Null => null,
        JsonValueKind.String => TerminalText.CleanLines(json.GetString()!),
        _ => json.GetRawText(),
    };
}
