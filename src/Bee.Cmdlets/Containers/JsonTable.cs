using System.Collections;
using System.Text.Json;

namespace Bee.Cmdlets.Containers;

/// <summary>A hashtable that is written as JSON on a command line.</summary>
internal static class JsonTable
{
    /// <summary>Reads an object of JSON.</summary>
    /// <param name="text">The text.</param>
    /// <param name="wrong">Makes the exception for text that is not an object, from what is wrong with it.</param>
    public static Hashtable Read(string text, Func<string, Exception> wrong)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? (Hashtable)Value(document.RootElement)! : throw wrong("it is something else");
        }
        catch (JsonException fault)
        {
            throw wrong(fault.Message);
        }
    }

    private static object? Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => Table(element),
        JsonValueKind.Array => element.EnumerateArray().Select(Value).ToArray(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        // As text: the encoders of parameters and entries read numbers of all widths.
        _ => element.TryGetInt64(out long number) ? number : element.GetRawText(),
    };

    private static Hashtable Table(JsonElement element)
    {
        var table = new Hashtable(StringComparer.Ordinal);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            table[property.Name] = Value(property.Value);
        }

        return table;
    }
}
