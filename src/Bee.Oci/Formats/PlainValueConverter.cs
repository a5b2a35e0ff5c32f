using System.Text.Json;
using System.Text.Json.Serialization;
using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>
/// A value that has no type of its own yet, as plain .NET objects: text, a list or a dictionary of such. Numbers and truth values are text too, as
/// JSON writes them. So whoever shows it shows the value, and not the reader's object for it.
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

    // Anyone may have written it, and it is shown on a terminal.
    private static object? Plain(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().DistinctBy(field => TerminalText.Clean(field.Name)).ToDictionary(field => TerminalText.Clean(field.Name), field => Plain(field.Value)),
        JsonValueKind.Array => json.EnumerateArray().Select(Plain).ToArray(),
        JsonValueKind.Null => null,
        JsonValueKind.String => TerminalText.CleanLines(json.GetString()!),
        _ => json.GetRawText(),
    };
}
