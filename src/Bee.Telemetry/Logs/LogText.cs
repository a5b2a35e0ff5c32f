using System.Globalization;
using System.Text;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Telemetry.Logs;

/// <summary>Formats an event as one line: <c>pid=4242 comm=cat filename="/tmp/a b"</c>.</summary>
internal static class LogText
{
    // Longer values are truncated here, and complete in the attributes.
    private const int LongestValue = 256;

    /// <summary>Returns the line, without control characters.</summary>
    public static string Of(EventShape type, BpfEvent item, MapMetadata metadata)
    {
        if (type.Fields is [{ } only] && only.Value(item) is string line)
        {
            return TerminalText.Show(line);
        }

        var text = new StringBuilder();
        foreach (EventField field in type.Fields)
        {
            if (field.IsDetail || field.Value(item) is not { } value || (field.IsExtra && value is false))
            {
                continue;
            }

            text.Append(text.Length > 0 ? " " : "").Append(field.Name).Append('=').Append(Quote(Value(field, item, value)));
            if (Unit(field, metadata) is { } unit)
            {
                text.Append(TerminalText.Show(unit));
            }
        }

        return text.ToString();
    }

    private static string Value(EventField field, BpfEvent item, object value)
    {
        string text = field.Attribute(item) switch
        {
            string known => known,
            bool truth => truth ? "true" : "false",
            byte[] bytes => Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, LongestValue / 2))).ToLowerInvariant(),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value is BpfEvent record ? record.ToJson() : $"{value}",
        };
        return TerminalText.Show(text.Length <= LongestValue ? text : text[..LongestValue] + "…");
    }

    private static string? Unit(EventField field, MapMetadata metadata) => field.Meaning switch
    {
        FieldMeaning.Duration => "ns",
        FieldMeaning.ByteSize => "B",
        _ => metadata.Fields.GetValueOrDefault(field.MetadataName)?.Unit is { Length: > 0 } unit and not "1" ? unit : null,
    };

    private static string Quote(string text) => text.Length > 0 && text.AsSpan().IndexOfAny(" \"=\\") < 0
        ? text
        : $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
