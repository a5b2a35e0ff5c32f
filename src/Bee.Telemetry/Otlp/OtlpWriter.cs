using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Bee.Telemetry.Exposition;

namespace Bee.Telemetry.Otlp;

/// <summary>A field of a message, with its protobuf number and its JSON name.</summary>
internal readonly struct OtlpField(int number, string name)
{
    public int Number { get; } = number;

    public JsonEncodedText Name { get; } = JsonEncodedText.Encode(name);
}

/// <summary>Encodes a message field by field, so that each message is described only once for all encodings.</summary>
internal interface IOtlpWriter
{
    /// <summary>Begins a field that contains a message. <see cref="End"/> ends it.</summary>
    void Begin(in OtlpField field);

    /// <summary>Begins a repeated field of messages, each of which starts with <see cref="BeginItem"/>. <see cref="EndList"/> ends it.</summary>
    void BeginList(in OtlpField field);

    /// <summary>Begins a message of a repeated field. <see cref="End"/> ends it.</summary>
    void BeginItem(in OtlpField field);

    /// <summary>Ends a message.</summary>
    void End();

    /// <summary>Ends a repeated field.</summary>
    void EndList();

    void Text(in OtlpField field, string value);

    void Bytes(in OtlpField field, ReadOnlySpan<byte> value);

    void Bool(in OtlpField field, bool value);

    /// <summary>Writes a field of type enum, int32 or sint32 that is a number in both encodings.</summary>
    void Enum(in OtlpField field, int value);

    /// <summary>Writes a field of type sint32.</summary>
    void Signed(in OtlpField field, int value);

    /// <summary>Writes a field of type int64.</summary>
    void Integer(in OtlpField field, long value);

    /// <summary>Writes a field of type fixed64.</summary>
    void Fixed(in OtlpField field, ulong value);

    void Double(in OtlpField field, double value);

    /// <summary>Writes a repeated field of type fixed64.</summary>
    void Fixeds(in OtlpField field, IReadOnlyList<ulong> values);

    /// <summary>Writes a repeated field of type uint64.</summary>
    void Numbers(in OtlpField field, IReadOnlyList<ulong> values);

    /// <summary>Writes a repeated field of type double.</summary>
    void Doubles(in OtlpField field, IReadOnlyList<double> values);

    /// <summary>Ends the outermost message.</summary>
    void Finish();
}

/// <summary>Encodes protobuf.</summary>
internal sealed class OtlpProtobufWriter(ExpositionBuffer buffer) : IOtlpWriter
{
    private readonly ProtobufWriter _writer = new(buffer);
    private readonly Stack<int> _starts = new();

    public void Begin(in OtlpField field) => _starts.Push(_writer.Begin(field.Number));

    public void BeginList(in OtlpField field)
    {
        // Each item has its own tag.
    }

    public void BeginItem(in OtlpField field) => Begin(field);

    public void End() => _writer.End(_starts.Pop());

    public void EndList()
    {
        // Each item was ended separately.
    }

    public void Text(in OtlpField field, string value) => _writer.Text(field.Number, value);

    public void Bytes(in OtlpField field, ReadOnlySpan<byte> value) => _writer.Text(field.Number, value);

    public void Bool(in OtlpField field, bool value) => _writer.Number(field.Number, value ? 1ul : 0);

    public void Enum(in OtlpField field, int value) => _writer.Number(field.Number, (ulong)value);

    public void Signed(in OtlpField field, int value) => _writer.Signed(field.Number, value);

    public void Integer(in OtlpField field, long value) => _writer.Number(field.Number, (ulong)value);

    public void Fixed(in OtlpField field, ulong value) => _writer.Fixed(field.Number, value);

    public void Double(in OtlpField field, double value) => _writer.Double(field.Number, value);

    public void Fixeds(in OtlpField field, IReadOnlyList<ulong> values)
    {
        var start = _writer.Begin(field.Number);
        for (var i = 0; i < values.Count; i++)
        {
            _writer.RawFixed(values[i]);
        }

        _writer.End(start);
    }

    public void Numbers(in OtlpField field, IReadOnlyList<ulong> values)
    {
        var start = _writer.Begin(field.Number);
        for (var i = 0; i < values.Count; i++)
        {
            _writer.Raw(values[i]);
        }

        _writer.End(start);
    }

    public void Doubles(in OtlpField field, IReadOnlyList<double> values)
    {
        var start = _writer.Begin(field.Number);
        for (var i = 0; i < values.Count; i++)
        {
            _writer.RawFixed(BitConverter.DoubleToUInt64Bits(values[i]));
        }

        _writer.End(start);
    }

    public void Finish()
    {
        // The outermost message has no length prefix.
    }
}

/// <summary>
/// Encodes JSON by the rules of OTLP (specification/protocol/otlp.md, "JSON Protobuf Encoding"): names in lowerCamelCase, 64-bit integers as strings, enums as numbers, bytes in base64.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Finish disposes of the writer.")]
internal sealed class OtlpJsonWriter : IOtlpWriter
{
    private readonly Utf8JsonWriter _writer;

    public OtlpJsonWriter(ExpositionBuffer buffer)
    {
        _writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        _writer.WriteStartObject();
    }

    public void Begin(in OtlpField field) => _writer.WriteStartObject(field.Name);

    public void BeginList(in OtlpField field) => _writer.WriteStartArray(field.Name);

    public void BeginItem(in OtlpField field) => _writer.WriteStartObject();

    public void End() => _writer.WriteEndObject();

    public void EndList() => _writer.WriteEndArray();

    public void Text(in OtlpField field, string value) => _writer.WriteString(field.Name, value);

    public void Bytes(in OtlpField field, ReadOnlySpan<byte> value) => _writer.WriteBase64String(field.Name, value);

    public void Bool(in OtlpField field, bool value) => _writer.WriteBoolean(field.Name, value);

    public void Enum(in OtlpField field, int value) => _writer.WriteNumber(field.Name, value);

    public void Signed(in OtlpField field, int value) => _writer.WriteNumber(field.Name, value);

    public void Integer(in OtlpField field, long value) => _writer.WriteString(field.Name, value.ToString(CultureInfo.InvariantCulture));

    public void Fixed(in OtlpField field, ulong value) => _writer.WriteString(field.Name, value.ToString(CultureInfo.InvariantCulture));

    public void Double(in OtlpField field, double value)
    {
        _writer.WritePropertyName(field.Name);
        Double(value);
    }

    public void Fixeds(in OtlpField field, IReadOnlyList<ulong> values)
    {
        _writer.WriteStartArray(field.Name);
        for (var i = 0; i < values.Count; i++)
        {
            _writer.WriteStringValue(values[i].ToString(CultureInfo.InvariantCulture));
        }

        _writer.WriteEndArray();
    }

    public void Numbers(in OtlpField field, IReadOnlyList<ulong> values) => Fixeds(field, values);

    public void Doubles(in OtlpField field, IReadOnlyList<double> values)
    {
        _writer.WriteStartArray(field.Name);
        for (var i = 0; i < values.Count; i++)
        {
            Double(values[i]);
        }

        _writer.WriteEndArray();
    }

    public void Finish()
    {
        _writer.WriteEndObject();
        _writer.Dispose();
    }

    // JSON has no numbers for these values. The protobuf mapping uses strings.
    private void Double(double value)
    {
        if (double.IsFinite(value))
        {
            _writer.WriteNumberValue(value);
        }
        else
        {
            _writer.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        }
    }
}
