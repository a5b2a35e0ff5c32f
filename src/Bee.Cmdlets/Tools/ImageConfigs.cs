using System.Globalization;
using System.Text.Json;
using Bee.Cmdlets.Views;
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

/// <summary>What an image says about its program, read from the object. Nothing in it depends on the time or the folder of the build.</summary>
internal static class ImageConfigs
{
    public static ImageConfig Describe(ObjectFile file, BuildFacts build) => new()
    {
        Programs = [.. file.Programs.Select(Describe)],
        Maps = [.. file.Maps.Where(map => !map.IsInternal).Select(Describe)],
        Parameters = [.. file.Parameters.Select(Describe)],
        Build = build,
    };

    public static BuildFacts Facts(BuildSource source, CompileResult result) => new()
    {
        Source = string.Join(", ", source.LinkedFiles.Prepend(source.File).Select(Path.GetFileName)),
        Clang = result.ClangVersion,
        Flags = result.Flags,
        VmlinuxDigest = result.VmlinuxDigest,
    };

    private static ImageProgram Describe(ProgramDescription program) => new()
    {
        Name = program.Name,
        Section = program.SectionName,
        Type = program.Type.ToString(),
        AttachTo = program.AttachTo,
        Description = program.Description,
        Fields = Describe(program.Metadata.Fields),
    };

    private static ImageMap Describe(MapDescription map) => new()
    {
        Name = map.Name,
        Type = map.Type.ToString(),
        KeySize = map.KeySize,
        ValueSize = map.ValueSize,
        MaxEntries = map.MaxEntries,
        KeyType = map.Key?.ToString(),
        ValueType = map.Value?.ToString(),
        Role = map.Role == MapRole.None ? null : map.Role.ToString(),
        Kind = map.Metadata.Kind?.ToString(),
        Help = map.Metadata.Help,
        Unit = map.Metadata.Unit,
        Scale = map.Metadata.Scale is { } scale ? new ImageScale { Spacing = scale.Spacing.ToString(), Start = scale.Start, Step = scale.Step } : null,
        Buckets = map.Metadata.Buckets is { Count: > 0 } buckets ? buckets : null,
        Labels = map.Metadata.Labels is { Count: > 0 } labels ? labels : null,
        Metric = map.Metadata.Metric is { } metric
            ? new ImageMetric
            {
                Name = metric.Name,
                Type = metric.Type?.ToString(),
                Unit = metric.Unit,
                Help = metric.Help,
                Labels = metric.Labels is { Count: > 0 } metricLabels ? metricLabels : null,
            }
            : null,
        Fields = Describe(map.Metadata.Fields),
    };

    private static ImageField[]? Describe(IReadOnlyDictionary<string, FieldMetadata> fields) =>
        fields.Count == 0 ? null : [.. fields.Select(field => Describe(field.Key, field.Value))];

    private static ImageField Describe(string name, FieldMetadata field) => new()
    {
        Name = name,
        Description = field.Description,
        Width = field.Width,
        AlignRight = field.AlignRight,
        Order = field.Order,
        Hidden = field.Hidden,
        Words = field.Words,
        Metric = field.Metric?.ToString(),
        Unit = field.Unit,
    };

    private static ImageParameter Describe(ParameterDescription parameter) => new()
    {
        Name = parameter.Name,
        Type = parameter.TypeName,
        Size = parameter.Size,
        Default = ParameterText.Default(parameter),
        Key = parameter.Metadata.Key,
        Description = parameter.Description,
        AuthorDefault = parameter.Metadata.Default,
    };
}

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

/// <summary>The author's words in an image's config, as the object takes them. Anyone may have written the config: what makes no sense is passed over.</summary>
internal static class ImageMetadata
{
    /// <summary>What a config says about the parts of its object.</summary>
    public static ObjectMetadata From(ImageConfig config) => new()
    {
        Maps = Named(config.Maps, map => map.Name, From),
        Parameters = Named(config.Parameters, parameter => parameter.Name, From),
        Programs = Named(config.Programs, program => program.Name, From),
    };

    private static MapMetadata From(ImageMap map) => new()
    {
        Kind = Enum.TryParse(map.Kind, out MapRole kind) && Enum.IsDefined(kind) ? kind : null,
        Help = map.Help,
        Unit = map.Unit,
        Scale = map.Scale is { Step: > 0 and < double.PositiveInfinity } scale && double.IsFinite(scale.Start) && Enum.TryParse(scale.Spacing, out HistogramSpacing spacing) && Enum.IsDefined(spacing)
            ? new HistogramScale { Spacing = spacing, Start = scale.Start, Step = scale.Step }
            : null,
        Buckets = map.Buckets is { } buckets && buckets.All(double.IsFinite) && buckets.Zip(buckets.Skip(1)).All(pair => pair.First < pair.Second) ? buckets : [],
        Labels = map.Labels ?? [],
        Metric = map.Metric is { } metric
            ? new MetricMetadata
            {
                Name = metric.Name,
                Type = Enum.TryParse(metric.Type, out MapRole type) && type is MapRole.Counter or MapRole.Gauge or MapRole.Histogram or MapRole.None ? type : null,
                Unit = metric.Unit,
                Help = metric.Help,
                Labels = metric.Labels ?? [],
            }
            : null,
        Fields = From(map.Fields),
    };

    private static Dictionary<string, FieldMetadata> From(IReadOnlyList<ImageField>? fields) => Named(fields ?? [], field => field.Name, field => new FieldMetadata
    {
        Description = field.Description,
        Width = field.Width is { } width ? Math.Clamp(width, 1, ScreenWidth.Default) : null,
        AlignRight = field.AlignRight,
        Order = field.Order,
        Hidden = field.Hidden,
        Words = field.Words,
        Metric = Enum.TryParse(field.Metric, out FieldMetric metric) && Enum.IsDefined(metric) ? metric : null,
        Unit = field.Unit,
    });

    private static ParameterMetadata From(ImageParameter parameter) => new()
    {
        Key = parameter.Key,
        Description = parameter.Description,
        Default = parameter.AuthorDefault,
    };

    // An image says what each program attaches to; only where the section says something else is it the author who does.
    private static ProgramMetadata From(ImageProgram program)
    {
        int slash = program.Section?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        string? ofSection = slash < 0 ? null : program.Section![(slash + 1)..];
        return new ProgramMetadata
        {
            Description = program.Description,
            AttachTo = program.AttachTo is { Length: > 0 } target && target != ofSection ? target : null,
            Fields = From(program.Fields),
        };
    }

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

/// <summary>Describes an Inspektor Gadget image's program by its object and the image's metadata.</summary>
internal sealed class GadgetDescriber : IProgramDescriber
{
    // To tell a default takes milliseconds, and listing images should not take minutes because somebody made one with a hundred thousand.
    private const int MostParameters = 500;

    /// <inheritdoc/>
    public ImageConfig Describe(byte[] program, string? metadata)
    {
        try
        {
            var file = ObjectFile.Parse(program, "program");
            if (file.Parameters.Count > MostParameters)
            {
                return ImageConfig.Empty;
            }

            return ImageConfigs.Describe(file.WithMetadata(Words(metadata, file)), new BuildFacts()) with { Version = null, Build = null };
        }
        catch (BpfObjectException)
        {
            // Whoever runs it is told what is wrong with it.
            return ImageConfig.Empty;
        }
    }

    private static ObjectMetadata Words(string? metadata, ObjectFile file)
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
