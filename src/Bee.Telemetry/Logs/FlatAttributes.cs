using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Bee.Telemetry.Logs;

/// <summary>Flattens attributes for logs whose attributes are only text.</summary>
internal static class FlatAttributes
{
    /// <summary>Returns the attributes with the members of structs flattened: their names are joined by a separator.</summary>
    /// <returns>Names and values. Null values are omitted.</returns>
    public static List<LogAttribute> Of(IReadOnlyList<LogAttribute> attributes, char separator)
    {
        var flat = new List<LogAttribute>(attributes.Count);
        Add(flat, "", attributes, separator);
        return flat;
    }

    /// <summary>Returns a value as text: arrays as JSON, bytes in hexadecimal.</summary>
    public static string Text(object value) => value switch
    {
        string text => text,
        bool truth => truth ? "true" : "false",
        byte[] bytes => Convert.ToHexString(bytes).ToLowerInvariant(),
        object?[] => Json(value),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"{value}",
    };

    private static void Add(List<LogAttribute> flat, string prefix, IReadOnlyList<LogAttribute> attributes, char separator)
    {
        foreach (LogAttribute attribute in attributes)
        {
            string name = prefix + attribute.Name;
            if (attribute.Value is LogAttribute[] inner)
            {
                Add(flat, name + separator, inner, separator);
            }
            else if (attribute.Value is not null)
            {
                flat.Add(attribute with { Name = name });
            }
        }
    }

    private static string Json(object? value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case LogAttribute[] fields:
                char open = '{';
                foreach (LogAttribute field in fields)
                {
                    Quote(text.Append(open), field.Name).Append(':');
                    Append(text, field.Value);
                    open = ',';
                }

                text.Append(open == '{' ? "{}" : "}");
                break;
            case object?[] items:
                char separator = '[';
                foreach (object? item in items)
                {
                    Append(text.Append(separator), item);
                    separator = ',';
                }

                text.Append(separator == '[' ? "[]" : "]");
                break;
            case bool or long:
            case double number when double.IsFinite(number):
                text.Append(Text(value));
                break;
            default:
                Quote(text, Text(value));
                break;
        }
    }

    private static StringBuilder Quote(StringBuilder text, string value) => text.Append('"').Append(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value)).Append('"');
}
