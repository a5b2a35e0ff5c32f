using System.IO.Compression;
using System.Reflection;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Otlp;

/// <summary>Encodes the parts that requests of all signals share: the resource, the scope, attributes and times.</summary>
internal static class OtlpRequest
{
    private static readonly OtlpField s_resource = new(1, "resource"), s_attributes = new(1, "attributes"), s_scope = new(1, "scope"), s_name = new(1, "name"), s_version = new(2, "version");
    private static readonly OtlpField s_key = new(1, "key"), s_value = new(2, "value");
    private static readonly OtlpField s_string = new(1, "stringValue"), s_bool = new(2, "boolValue"), s_int = new(3, "intValue"), s_double = new(4, "doubleValue");
    private static readonly OtlpField s_array = new(5, "arrayValue"), s_list = new(6, "kvlistValue"), s_values = new(1, "values"), s_bytes = new(7, "bytesValue");

    private static string Version { get; } =
        typeof(OtlpRequest).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>The value of the HTTP field <c>User-Agent</c>.</summary>
    public static string UserAgent { get; } = "Bee-OTLP-Exporter/" + Version;

    /// <summary>Creates a writer for an encoding.</summary>
    public static IOtlpWriter Writer(OtlpProtocol protocol, ExpositionBuffer buffer) => protocol == OtlpProtocol.Json ? new OtlpJsonWriter(buffer) : new OtlpProtobufWriter(buffer);

    /// <summary>Writes the field <c>resource</c> of ResourceMetrics and ResourceLogs.</summary>
    public static void Resource(IOtlpWriter writer, IReadOnlyList<KeyValuePair<string, string>> attributes)
    {
        writer.Begin(s_resource);
        writer.BeginList(s_attributes);
        foreach (var (name, value) in attributes)
        {
            Attribute(writer, s_attributes, name, value);
        }

        writer.EndList();
        writer.End();
    }

    /// <summary>Writes the field <c>scope</c> of ScopeMetrics and ScopeLogs.</summary>
    public static void Scope(IOtlpWriter writer)
    {
        writer.Begin(s_scope);
        writer.Text(s_name, "Bee");
        writer.Text(s_version, Version);
        writer.End();
    }

    /// <summary>Writes an item of a list of attributes.</summary>
    public static void Attribute(IOtlpWriter writer, in OtlpField attributes, string name, object? value)
    {
        writer.BeginItem(attributes);
        writer.Text(s_key, name);
        writer.Begin(s_value);
        Value(writer, value);
        writer.End();
        writer.End();
    }

    /// <summary>Writes the fields of an AnyValue for a value of a <see cref="LogAttribute"/>. Null becomes an empty AnyValue.</summary>
    public static void Value(IOtlpWriter writer, object? value)
    {
        switch (value)
        {
            case string text:
                writer.Text(s_string, text);
                break;
            case long number:
                writer.Integer(s_int, number);
                break;
            case double number:
                writer.Double(s_double, number);
                break;
            case bool flag:
                writer.Bool(s_bool, flag);
                break;
            case byte[] bytes:
                writer.Bytes(s_bytes, bytes);
                break;
            case object?[] items:
                writer.Begin(s_array);
                writer.BeginList(s_values);
                foreach (var item in items)
                {
                    writer.BeginItem(s_values);
                    Value(writer, item);
                    writer.End();
                }

                writer.EndList();
                writer.End();
                break;
            case LogAttribute[] fields:
                writer.Begin(s_list);
                writer.BeginList(s_values);
                foreach (var field in fields)
                {
                    Attribute(writer, s_values, field.Name, field.Value);
                }

                writer.EndList();
                writer.End();
                break;
        }
    }

    /// <summary>Returns a time in nanoseconds since 1970; 0, which means unknown, for null and for earlier times.</summary>
    public static ulong Nanoseconds(DateTime? moment) => moment is { } time && time > DateTime.UnixEpoch ? (ulong)(time - DateTime.UnixEpoch).Ticks * 100 : 0;

    /// <summary>Returns the content of a buffer as the body of a request.</summary>
    public static byte[] Body(ExpositionBuffer buffer, bool isCompressed)
    {
        if (!isCompressed)
        {
            return buffer.Written.ToArray();
        }

        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(buffer.Written.Span);
        }

        return compressed.ToArray();
    }
}
