using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Bee.Ebpf;

/// <summary>Structs and arrays in the forms that they come back in: Bee's own objects, and the JSON that a CSV file has of them.</summary>
internal static class Structured
{
    /// <summary>A dictionary for a struct and a list for an array, or what was given where it is neither.</summary>
    /// <exception cref="EncodeException">Text that begins as JSON does is none.</exception>
    public static object? Of(object? value) => value switch
    {
        string text when text.AsSpan().TrimStart() is ['{' or '[', ..] => Parse(text),
        BpfEvent record => record.GetType().GetProperties().ToDictionary(property => property.Name, property => property.GetValue(record)),
        _ => value,
    };

    private static object? Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Plain(document.RootElement);
        }
        catch (JsonException fault)
        {
            throw new EncodeException($"got text that begins as JSON and is none: {fault.Message}");
        }
    }

    private static object? Plain(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().DistinctBy(member => member.Name).ToDictionary(member => member.Name, member => Plain(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().Select(Plain).ToArray(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        _ when element.TryGetInt64(out var number) => number,
        _ when BigInteger.TryParse(element.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var big) => big,
        _ => element.GetDouble(),
    };
}
