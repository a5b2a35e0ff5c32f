using System.Text.Json;
using System.Text.Json.Nodes;
using Bee.Ebpf;
using Bee.Oci;

namespace Bee.Cmdlets;

/// <summary>The author's words in an image's config, as the object takes them. Anyone may have written the config: what makes no sense is passed over.</summary>
internal static class ImagePresentation
{
    /// <summary>What a config says about the parts of its object.</summary>
    public static ObjectPresentation From(ImageConfig config) => new()
    {
        Maps = Named(config.Maps, map => map.Name, From),
        Parameters = Named(config.Parameters, parameter => parameter.Name, From),
        Programs = Named(config.Programs, program => program.Name, From),
    };

    /// <summary>A parameter's default for the config.</summary>
    /// <param name="value">Text, a list or a dictionary, as bee.yaml gives it.</param>
    public static JsonElement ToJson(object value)
    {
        using JsonDocument document = JsonDocument.Parse(Node(value).ToJsonString());
        return document.RootElement.Clone();
    }

    private static MapPresentation From(ImageMap map) => new()
    {
        Kind = Enum.TryParse(map.Kind, out MapRole kind) && Enum.IsDefined(kind) ? kind : null,
        Help = map.Help,
        Unit = map.Unit,
        Scale = map.Scale is { Step: > 0 and < double.PositiveInfinity } scale && double.IsFinite(scale.Start) && Enum.TryParse(scale.Spacing, out HistogramSpacing spacing) && Enum.IsDefined(spacing)
            ? new HistogramScale { Spacing = spacing, Start = scale.Start, Step = scale.Step }
            : null,
        Buckets = map.Buckets is { } buckets && buckets.All(double.IsFinite) && buckets.Zip(buckets.Skip(1)).All(pair => pair.First < pair.Second) ? buckets : [],
        Labels = map.Labels ?? [],
        Fields = From(map.Fields),
    };

    private static Dictionary<string, FieldPresentation> From(IReadOnlyList<ImageField>? fields) => Named(fields ?? [], field => field.Name, field => new FieldPresentation
    {
        Description = field.Description,
        Width = field.Width is { } width ? Math.Clamp(width, 1, EventColumns.TableWidth) : null,
        AlignRight = field.AlignRight,
        Order = field.Order,
        Hidden = field.Hidden,
    });

    private static ParameterPresentation From(ImageParameter parameter) => new()
    {
        Key = parameter.Key,
        Description = parameter.Description,
        Default = parameter.AuthorDefault is { } value ? Value(value) : null,
    };

    // An image says what each program attaches to; only where the section says something else is it the author who does.
    private static ProgramPresentation From(ImageProgram program)
    {
        int slash = program.Section?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        string? ofSection = slash < 0 ? null : program.Section![(slash + 1)..];
        return new ProgramPresentation
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

    private static JsonNode Node(object value) => value switch
    {
        string text => JsonValue.Create(text),
        IReadOnlyDictionary<string, object?> fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, (JsonNode?)Node(field.Value!)))),
        IEnumerable<object> items => new JsonArray([.. items.Select(Node)]),
        _ => throw new ArgumentException($"A default is text, a list or a dictionary, not {value.GetType().Name}.", nameof(value)),
    };

    private static object? Value(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().DistinctBy(field => field.Name).ToDictionary(field => field.Name, field => Value(field.Value)),
        JsonValueKind.Array => json.EnumerateArray().Select(Value).ToArray(),
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        _ => json.ToString(),
    };
}
