using System.Globalization;
using System.Text.Json;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets;

/// <summary>The value that a parameter has when nobody sets it, as text.</summary>
internal static class ParameterText
{
    /// <summary>The default as a person would type it; bytes in hex where there is no such text.</summary>
    public static string Default(ParameterDescription parameter)
    {
        ReadOnlySpan<byte> bytes = ParameterEncoder.Default(parameter);
        var type = RecordType.ForStruct(parameter.Type, parameter.Name);

        // Moments are made with this machine's boot time, and an image must not depend on the machine it was built on.
        if (type.Fields is not [{ Meaning: not (FieldMeaning.Timestamp or FieldMeaning.Object or FieldMeaning.Bytes) } field] || bytes.Length < type.Size)
        {
            return Hex(bytes);
        }

        BpfEvent value = type.Decode(bytes);
        using var json = JsonDocument.Parse(value.ToString());
        return json.RootElement.EnumerateObject().First().Value switch
        {
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            var number when field.Meaning == FieldMeaning.Duration => Duration(number.GetUInt64()),
            var other => other.GetRawText(),
        };
    }

    // In the largest unit that it has one of, with all of its digits: a table may round, but not what is to be typed again.
    private static string Duration(ulong nanoseconds)
    {
        (ulong unit, string name) = nanoseconds switch
        {
            >= 1_000_000_000 => (1_000_000_000ul, "s"),
            >= 1_000_000 => (1_000_000ul, "ms"),
            >= 1_000 => (1_000ul, "us"),
            > 0 => (1ul, "ns"),
            0 => (1ul, ""),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{(decimal)nanoseconds / unit}{name}");
    }

    private static string Hex(ReadOnlySpan<byte> bytes)
        => bytes.IndexOfAnyExcept((byte)0) < 0 ? "0" : "0x" + Convert.ToHexString(bytes).ToLower(CultureInfo.InvariantCulture);
}
