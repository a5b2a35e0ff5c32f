using Bee.Ebpf.Metadata;
using Bee.Oci.Formats;

namespace Bee.Cmdlets;

/// <summary>The author's words in an image's config, as the object takes them. Anyone may have written the config: what makes no sense is passed over.</summary>
internal static class ImagePresentation
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
