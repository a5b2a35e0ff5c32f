using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Cmdlets.Tools;

/// <summary>
/// Converts between an object with its metadata and the configuration of an image, which has the metadata as JSON. A configuration does not depend on the time or
/// folder of the build. Configurations are not trusted: invalid parts are ignored.
/// </summary>
internal static class ImageConfigs
{
    /// <summary>Returns the configuration for an object.</summary>
    /// <param name="file">The object, with its metadata.</param>
    /// <param name="build">The facts of the build, or null if unknown.</param>
    public static ImageConfig From(ObjectFile file, BuildFacts? build = null) => new()
    {
        Programs = [.. file.Programs.Select(From)],
        // Global variables are included only if they stream or have metadata.
        Maps = [.. file.Maps.Where(map => !map.IsInternal || map.Role != MapRole.None || map.Metadata != MapMetadata.None).Select(From)],
        Parameters = [.. file.Parameters.Select(From)],
        Build = build,
    };

    /// <summary>Returns a configuration's metadata for the parts of its object.</summary>
    /// <param name="config">The configuration.</param>
    public static ObjectMetadata MetadataOf(ImageConfig config) => new()
    {
        Maps = Named(config.Maps, map => map.Name, MetadataOf),
        Parameters = Named(config.Parameters, parameter => parameter.Name, MetadataOf),
        Programs = Named(config.Programs, program => program.Name, MetadataOf),
    };

    /// <summary>Returns the facts of a compilation.</summary>
    public static BuildFacts Facts(BuildSource source, CompileResult result) => new()
    {
        Source = string.Join(", ", source.LinkedFiles.Prepend(source.File).Select(Path.GetFileName)),
        Clang = result.ClangVersion,
        Flags = result.Flags,
        VmlinuxDigest = result.VmlinuxDigest,
    };

    private static ImageProgram From(ProgramDescription program) => new()
    {
        Name = program.Name,
        Section = program.SectionName,
        Type = program.Type.ToString(),
        AttachTo = program.AttachTo,
        // The attach target alone does not show whether the author wants an optional program loaded, so Load is recorded too.
        Load = program.Metadata.Load ?? (program is { IsOptional: true, AutoLoad: true } ? true : null),
        Description = program.Description,
        RecordType = program.Metadata.Type,
        Fields = From(program.Metadata.Fields),
    };

    // A configuration has the attach target of every program. It is the author's metadata only if it differs from the section's.
    private static ProgramMetadata MetadataOf(ImageProgram program)
    {
        int slash = program.Section?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        string? ofSection = slash < 0 ? null : program.Section![(slash + 1)..];
        return new ProgramMetadata
        {
            Description = program.Description,
            AttachTo = program.AttachTo is { Length: > 0 } target && target != ofSection ? target : null,
            Load = program.Load,
            Type = program.RecordType,
            Fields = MetadataOf(program.Fields),
        };
    }

    private static ImageMap From(MapDescription map) => new()
    {
        Name = map.Name,
        Type = map.Type.ToString(),
        KeySize = map.KeySize,
        ValueSize = map.ValueSize,
        MaxEntries = map.MaxEntries,
        KeyType = map.Key?.ToString(),
        ValueType = map.Value?.ToString(),
        RecordType = map.Metadata.Type,
        Role = map.Role == MapRole.None ? null : MetadataNames.Roles.Name(map.Role),
        Kind = MetadataNames.Roles.Name(map.Metadata.Kind),
        Help = map.Metadata.Help,
        Unit = map.Metadata.Unit,
        Entries = map.Metadata.Entries,
        Scale = map.Metadata.Scale is { } scale ? new ImageScale { Spacing = MetadataNames.Spacings.Name(scale.Spacing), Start = scale.Start, Step = scale.Step } : null,
        Buckets = Listed(map.Metadata.Buckets),
        Sum = map.Metadata.Sum is { } sum ? new ImageSum { Slot = sum.Slot, Factor = sum.Factor } : null,
        Labels = Listed(map.Metadata.Labels),
        Metric = map.Metadata.Metric is { } metric ? From(metric) : null,
        Severity = MetadataNames.Severities.Name(map.Metadata.Severity),
        Fields = From(map.Metadata.Fields),
    };

    private static MapMetadata MetadataOf(ImageMap map) => new()
    {
        Kind = MetadataNames.Roles.Find(map.Kind),
        Type = map.RecordType,
        Help = map.Help,
        Unit = map.Unit,
        Entries = map.Entries is 0 ? null : map.Entries,
        Scale = map.Scale is { Step: > 0 and < double.PositiveInfinity } scale && double.IsFinite(scale.Start) && MetadataNames.Spacings.Find(scale.Spacing) is { } spacing
            ? new HistogramScale { Spacing = spacing, Start = scale.Start, Step = scale.Step }
            : null,
        Buckets = map.Buckets is { } buckets && buckets.All(double.IsFinite) && buckets.Zip(buckets.Skip(1)).All(pair => pair.First < pair.Second) ? buckets : [],
        Sum = map.Sum is { Slot: > 0, Factor: > 0 and < double.PositiveInfinity } sum ? new HistogramSum { Slot = sum.Slot, Factor = sum.Factor } : null,
        Labels = map.Labels ?? [],
        Metric = map.Metric is { } metric ? MetadataOf(metric) : null,
        Severity = MetadataNames.Severities.Find(map.Severity),
        Fields = MetadataOf(map.Fields),
    };

    private static ImageMetric From(MetricMetadata metric) => new()
    {
        Name = metric.Name,
        Type = MetadataNames.Roles.Name(metric.Type),
        Unit = metric.Unit,
        Help = metric.Help,
        Labels = Listed(metric.Labels),
    };

    private static MetricMetadata MetadataOf(ImageMetric metric) => new()
    {
        Name = metric.Name,
        Type = MetadataNames.MetricTypes.Find(metric.Type),
        Unit = metric.Unit,
        Help = metric.Help,
        Labels = metric.Labels ?? [],
    };

    private static ImageField[]? From(IReadOnlyDictionary<string, FieldMetadata> fields) => fields.Count == 0 ? null : [.. fields.Select(field => From(field.Key, field.Value))];

    private static Dictionary<string, FieldMetadata> MetadataOf(IReadOnlyList<ImageField>? fields) => Named(fields ?? [], field => field.Name, MetadataOf);

    private static ImageField From(string name, FieldMetadata field) => new()
    {
        Name = name,
        Description = field.Description,
        Width = field.Width,
        AlignRight = field.AlignRight,
        Order = field.Order,
        Hidden = field.Hidden,
        Words = field.Words,
        Metric = MetadataNames.FieldMetrics.Name(field.Metric),
        Unit = field.Unit,
        Label = field.Label,
        Decode = MetadataNames.Decoders.Name(field.Decode),
        Values = field.Values.Count > 0 ? field.Values : null,
        Severities = field.Severities.Count > 0 ? field.Severities.ToDictionary(pair => pair.Key, pair => MetadataNames.Severities.Name(pair.Value)!) : null,
    };

    private static FieldMetadata MetadataOf(ImageField field) => new()
    {
        Description = field.Description,
        Width = field.Width is { } width ? Math.Clamp(width, 1, ScreenWidth.Default) : null,
        AlignRight = field.AlignRight,
        Order = field.Order,
        Hidden = field.Hidden,
        Words = field.Words,
        Metric = MetadataNames.FieldMetrics.Find(field.Metric),
        Unit = field.Unit,
        Label = field.Label,
        Decode = MetadataNames.Decoders.Find(field.Decode),
        Values = field.Values ?? FieldMetadata.None.Values,
        Severities = SeveritiesOf(field.Severities),
    };

    private static IReadOnlyDictionary<string, LogSeverity> SeveritiesOf(IReadOnlyDictionary<string, string>? names)
    {
        var known = new Dictionary<string, LogSeverity>(StringComparer.Ordinal);
        foreach (KeyValuePair<string, string> name in names ?? new Dictionary<string, string>())
        {
            if (MetadataNames.Severities.Find(name.Value) is { } severity)
            {
                known[name.Key] = severity;
            }
        }

        return known.Count > 0 ? known : FieldMetadata.None.Severities;
    }

    private static ImageParameter From(ParameterDescription parameter) => new()
    {
        Name = parameter.Name,
        Type = parameter.TypeName,
        Size = parameter.Size,
        Default = ParameterText.Default(parameter),
        Key = parameter.Metadata.Key,
        Description = parameter.Description,
        AuthorDefault = parameter.Metadata.Default,
    };

    private static ParameterMetadata MetadataOf(ImageParameter parameter) => new()
    {
        Key = parameter.Key,
        Description = parameter.Description,
        Default = parameter.AuthorDefault,
    };

    // A configuration omits empty lists.
    private static IReadOnlyList<T>? Listed<T>(IReadOnlyList<T> list) => list.Count > 0 ? list : null;

    private static Dictionary<string, TValue> Named<TItem, TValue>(IEnumerable<TItem> items, Func<TItem, string> name, Func<TItem, TValue> value)
    {
        var named = new Dictionary<string, TValue>(StringComparer.Ordinal);
        foreach (TItem item in items)
        {
            named.TryAdd(name(item), value(item));
        }

        return named;
    }
}

/// <summary>Formats the default value of a parameter.</summary>
internal static class ParameterText
{
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Returns the default as a user would type it, with a struct's fields as JSON, or the bytes in hex if there is no such text.</summary>
    public static string Default(ParameterDescription parameter)
    {
        ReadOnlySpan<byte> bytes = ParameterEncoder.Default(parameter);
        var type = RecordType.ForStruct(parameter.Type, parameter.Name);
        if (parameter.Type.Resolve() is BtfStruct && bytes.Length >= type.Size && type.Fields.All(field => field.CName.Length > 0))
        {
            using var fields = JsonDocument.Parse(type.Decode(bytes).ToString());
            return Object(type.Fields, fields.RootElement, bytes).ToJsonString(s_plain);
        }

        // Timestamps are converted with this machine's boot time, and an image must not depend on the build machine.
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

    private static JsonObject Object(IReadOnlyList<RecordField> fields, JsonElement value, ReadOnlySpan<byte> bytes)
    {
        var result = new JsonObject();
        foreach (RecordField field in fields)
        {
            ReadOnlySpan<byte> own = bytes.Slice(field.Offset, field.Size);
            JsonElement one = value.GetProperty(field.Name);
            result[field.CName] = field.Meaning switch
            {
                FieldMeaning.Duration when one.ValueKind == JsonValueKind.Number => Duration(one.GetUInt64()),
                FieldMeaning.Object when one.ValueKind == JsonValueKind.Object && RecordType.FieldsOf(field.ClrType.FullName!) is { } inner => Object(inner, one, own),
                FieldMeaning.Bytes => Hex(own),
                _ when HasMoments(field.ClrType) => Hex(own),
                _ => JsonNode.Parse(one.GetRawText()),
            };
        }

        return result;
    }

    // Timestamps depend on the machine; see above.
    private static bool HasMoments(Type type) => type == typeof(DateTime)
        || type.GenericTypeArguments.Any(HasMoments)
        || (type.FullName is { } name && RecordType.FieldsOf(name) is { } fields && fields.Any(field => HasMoments(field.ClrType)));

    // Uses the largest fitting unit with all digits: a table may round, but text to be typed again may not.
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

/// <summary>Describes the program of an Inspektor Gadget image by its object and the image's metadata.</summary>
internal sealed class GadgetDescriber : IProgramDescriber
{
    // Formatting a default takes milliseconds, and a hostile image with a hundred thousand parameters should not slow down the listing of images.
    private const int MostParameters = 500;

    /// <inheritdoc/>
    public ImageConfig Describe(byte[] program, string? metadata)
    {
        try
        {
            var file = ObjectFile.Read(program, "program");
            if (file.Parameters.Count > MostParameters)
            {
                return ImageConfig.Empty;
            }

            return ImageConfigs.From(file.WithMetadata(Metadata(metadata, file))) with { Version = null };
        }
        catch (BpfObjectException)
        {
            // The error is reported when the image is run.
            return ImageConfig.Empty;
        }
    }

    private static ObjectMetadata Metadata(string? metadata, ObjectFile file)
    {
        try
        {
            return metadata is null ? ObjectMetadata.None : Isolated.Create<IGadgetMetadataReader>().Read("metadata", metadata).Of(file);
        }
        catch (ManifestException)
        {
            return ObjectMetadata.None;
        }
    }
}
