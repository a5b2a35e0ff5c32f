using System.Text.Json;
using System.Text.Json.Serialization;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>The header of a stored object: its name, and the metadata that does not come from its own tags.</summary>
internal record KeptHeader
{
    /// <summary>The name that messages use for the object.</summary>
    public required string ObjectName { get; init; }

    /// <summary>The metadata of the maps, programs and parameters. Pins and captures store it under its first name.</summary>
    [JsonPropertyName("Words")]
    public required ObjectMetadata Metadata { get; init; }
}

/// <summary>Serializes an object with its metadata: one line of JSON, then the file. A pin or a capture can thus outlive the process that read the object.</summary>
internal static class KeptObject
{
    /// <summary>Returns the metadata of an object for serialization.</summary>
    public static ObjectMetadata Metadata(ObjectFile file) => new()
    {
        Maps = file.Maps.ToDictionary(map => map.Name, map => map.Metadata),
        Programs = file.Programs.ToDictionary(program => program.Name, program => program.Metadata),
        // Defaults have been applied already, and may have any type.
        Parameters = file.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Metadata with { Default = null }),
    };

    /// <summary>Writes an object.</summary>
    /// <param name="header">The header to store.</param>
    /// <param name="file">The object.</param>
    public static byte[] Encode<T>(T header, ObjectFile file) where T : KeptHeader =>
        [.. JsonSerializer.SerializeToUtf8Bytes(header), (byte)'\n', .. file.Bytes.Span];

    /// <summary>Reads the output of <see cref="Encode"/>; null for any other bytes.</summary>
    /// <param name="bytes">The bytes. They are kept and must not change.</param>
    public static (T Header, ObjectFile File)? Decode<T>(byte[] bytes) where T : KeptHeader
    {
        var end = Array.IndexOf(bytes, (byte)'\n');
        if (end < 0)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<T>(bytes.AsSpan(0, end)) is { ObjectName: not null } header && KeptMetadata.IsValid(header.Metadata)
                ? (header, ObjectFile.Read(bytes.AsMemory(end + 1), header.ObjectName).WithMetadata(header.Metadata))
                : null;
        }
        catch (Exception e) when (e is JsonException or BpfObjectException or NotSupportedException or ArgumentException)
        {
            return null;
        }
    }
}

/// <summary>Validates metadata from JSON, where required values can be null and numbers can exceed their range.</summary>
internal static class KeptMetadata
{
    private const int WidestColumn = 1000;

    /// <summary>Returns whether all required values exist and all numbers are within their range.</summary>
    public static bool IsValid(ObjectMetadata? metadata) => metadata is { Maps: not null, Programs: not null, Parameters: not null }
        && metadata.Maps.Values.All(IsValid)
        && metadata.Programs.Values.All(program => program is not null && AreValid(program.Fields))
        && metadata.Parameters.Values.All(parameter => parameter is { Default: null });

    /// <summary>Returns whether all required values of a map's metadata exist and all numbers are within their range.</summary>
    public static bool IsValid(MapMetadata? map) => map is { Buckets: not null, Labels: not null }
        && IsKnown(map.Kind) && IsKnown(map.Severity) && AreTexts(map.Labels) && AreValid(map.Fields)
        && map.Buckets.All(double.IsFinite) && (map.Sum is null || double.IsFinite(map.Sum.Factor))
        && (map.Scale is not { } scale || Enum.IsDefined(scale.Spacing) && double.IsFinite(scale.Start) && double.IsFinite(scale.Step))
        && (map.Metric is not { } metric || IsKnown(metric.Type) && AreTexts(metric.Labels));

    private static bool AreValid(IReadOnlyDictionary<string, FieldMetadata>? fields) => fields?.Values.All(field =>
        field is { Values: not null, Severities: not null, Width: null or (> 0 and <= WidestColumn) } && IsKnown(field.Metric) && IsKnown(field.Decode)
        && AreTexts(field.Values.Values) && field.Severities.Values.All(severity => Enum.IsDefined(severity))) == true;

    private static bool AreTexts(IEnumerable<string>? texts) => texts?.All(text => text is not null) == true;

    private static bool IsKnown<T>(T? value) where T : struct, Enum => value is not { } known || Enum.IsDefined(known);
}
