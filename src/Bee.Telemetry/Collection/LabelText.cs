using System.Globalization;
using Bee.Ebpf.Records;

namespace Bee.Telemetry.Collection;

/// <summary>The text of a field's value as a label: the value of the typed event, exact, the same in every culture and time zone.</summary>
internal static class LabelText
{
    /// <summary>Returns the text.</summary>
    /// <param name="value">The value of the property.</param>
    /// <param name="meaning">What the field stands for.</param>
    public static string Of(object? value, FieldMeaning meaning) => value switch
    {
        null => "",
        string text => text,
        bool truth => truth ? "true" : "false",
        ulong address when meaning == FieldMeaning.Pointer => FieldText.Hex(address),
        DateTime moment => moment.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture),
        Enum name => name.ToString(),
        IEnumerable<byte> bytes when meaning == FieldMeaning.Bytes => Convert.ToHexString([.. bytes]).ToLowerInvariant(),
        IEnumerable<string> words when meaning == FieldMeaning.Words => string.Join(' ', words),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
