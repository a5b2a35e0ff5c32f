using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Ebpf.Records;

/// <summary>Formats values of records as one line of JSON. This is the text of objects and arrays.</summary>
internal static class JsonText
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> s_properties = new();
    // The properties that count when objects of a type are compared; null if all do.
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]?> s_compared = new();

    /// <summary>Formats a value as JSON.</summary>
    /// <param name="value">The value.</param>
    /// <param name="utc">Whether times are written in UTC instead of local time.</param>
    public static string Of(object value, bool utc = false)
    {
        var text = new StringBuilder();
        Append(text, value, utc);
        return text.ToString();
    }

    /// <summary>Formats an object for a comparison with another of its type: without the properties that follow from others.</summary>
    public static string ToCompare(BpfEvent value)
    {
        if (s_compared.GetOrAdd(value.GetType(), Compared) is not { } properties)
        {
            return value.ToString()!;
        }

        var text = new StringBuilder();
        Append(text, value, properties, utc: false);
        return text.ToString();
    }

    private static PropertyInfo[]? Compared(Type type) =>
        FieldValues.Properties(type) is var all && Array.FindAll(all, property => !property.IsDefined(typeof(NotComparedAttribute), inherit: true)) is var some && some.Length < all.Length ? some : null;

    private static void Append(StringBuilder text, object? value, bool utc)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case bool truth:
                text.Append(truth ? "true" : "false");
                break;
            case string s:
                Quote(text, s);
                break;
            case Enum e when e.ToString() is var name:
                if (char.IsAsciiDigit(name[0]) || name[0] == '-')
                {
                    text.Append(e.ToString("D"));
                }
                else
                {
                    Quote(text, name);
                }

                break;
            case DateTime moment:
                Quote(text, (utc ? moment.ToUniversalTime() : moment).ToString("O", CultureInfo.InvariantCulture));
                break;
            case float or double when !double.IsFinite(Convert.ToDouble(value, CultureInfo.InvariantCulture)):
                Quote(text, ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
                break;
            case BpfEvent record:
                Append(text, record, utc);
                break;
            case StackTrace trace:
                Quote(text, trace.ToString());
                break;
            case IEnumerable list:
                Append(text, list, utc);
                break;
            default:
                text.Append(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
                break;
        }
    }

    private static void Append(StringBuilder text, BpfEvent record, bool utc) => Append(text, record, s_properties.GetOrAdd(record.GetType(), FieldValues.Properties), utc);

    private static void Append(StringBuilder text, BpfEvent record, PropertyInfo[] properties, bool utc)
    {
        var separator = '{';
        foreach (var property in properties)
        {
            text.Append(separator);
            Quote(text, property.Name);
            text.Append(':');
            Append(text, property.GetValue(record), utc);
            separator = ',';
        }

        text.Append(separator == '{' ? "{}" : "}");
    }

    private static void Append(StringBuilder text, IEnumerable list, bool utc)
    {
        var separator = '[';
        foreach (var item in list)
        {
            text.Append(separator);
            Append(text, item, utc);
            separator = ',';
        }

        text.Append(separator == '[' ? "[]" : "]");
    }

    private static void Quote(StringBuilder text, string s)
    {
        text.Append('"');
        foreach (var letter in JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(s))
        {
            // The encoder does not escape characters that reverse or hide text, and treats the halves of a surrogate pair separately.
            if (letter > '~' && !char.IsSurrogate(letter) && TerminalText.IsUnsafe([letter]))
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:X4}");
            }
            else
            {
                text.Append(letter);
            }
        }

        text.Append('"');
    }
}
