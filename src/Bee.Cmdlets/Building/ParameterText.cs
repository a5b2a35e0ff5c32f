using System.Globalization;
using System.Text.Json;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>The value that a parameter has when nobody sets it, as text.</summary>
internal static class ParameterText
{
    /// <summary>The default as a person would type it; bytes in hex where there is no such text.</summary>
    public static string Default(ParameterDescription parameter)
    {
        ReadOnlySpan<byte> bytes = ParameterEncoder.Default(parameter);
        RecordType type = RecordType.ForStruct(parameter.Type, parameter.Name);

        // Moments are made with this machine's boot time, and an image must not depend on the machine it was built on.
        if (type.Fields is not [{ Meaning: not (FieldMeaning.Timestamp or FieldMeaning.Object or FieldMeaning.Bytes) } field] || bytes.Length < type.Size)
        {
            return Hex(bytes);
        }

        BpfEvent value = type.Decode(bytes);
        using JsonDocument json = JsonDocument.Parse(value.ToString());
        return json.RootElement.EnumerateObject().First().Value switch
        {
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            var other => other.GetRawText(),
        };
    }

    private static string Hex(ReadOnlySpan<byte> bytes)
        => bytes.IndexOfAnyExcept((byte)0) < 0 ? "0" : "0x" + Convert.ToHexString(bytes).ToLower(CultureInfo.InvariantCulture);
}
