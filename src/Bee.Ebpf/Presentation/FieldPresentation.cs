namespace Bee.Ebpf;

/// <summary>What an author says about a field of an event or entry. Whatever is null is not said.</summary>
public sealed record FieldMetadata
{
    /// <summary>Says nothing.</summary>
    public static FieldMetadata None { get; } = new();

    /// <summary>One sentence about what the field tells.</summary>
    public string? Description { get; init; }

    /// <summary>How many characters the field's column has in tables.</summary>
    public int? Width { get; init; }

    /// <summary>Whether the column's text stands to the right.</summary>
    public bool? AlignRight { get; init; }

    /// <summary>The column's place: columns with a number come first, smallest first, then the others as they are declared.</summary>
    public int? Order { get; init; }

    /// <summary>Whether tables leave the field out; it is a property all the same.</summary>
    public bool? Hidden { get; init; }

    /// <summary>Whether a <c>char</c> array holds words with a NUL behind each, such as a command line: it is then a list of text.</summary>
    public bool? Words { get; init; }

    /// <summary>What the field is in a metric, as Inspektor Gadget's metadata declares it; null where nothing is said.</summary>
    public FieldMetric? Metric { get; init; }

    /// <summary>The unit of the field's values as a metric; null where nothing is said.</summary>
    public string? Unit { get; init; }

    /// <summary>What one side says of each field, and where it says nothing what the other does.</summary>
    internal static IReadOnlyDictionary<string, FieldMetadata> Over(IReadOnlyDictionary<string, FieldMetadata> said, IReadOnlyDictionary<string, FieldMetadata> other) =>
        said.Keys.Union(other.Keys).ToDictionary(name => name, name => (said.GetValueOrDefault(name) ?? None).Over(other.GetValueOrDefault(name) ?? None));

    /// <summary>This, and what <paramref name="other"/> says where this says nothing.</summary>
    internal FieldMetadata Over(FieldMetadata other) => new()
    {
        Description = Description ?? other.Description,
        Width = Width ?? other.Width,
        AlignRight = AlignRight ?? other.AlignRight,
        Order = Order ?? other.Order,
        Hidden = Hidden ?? other.Hidden,
        Words = Words ?? other.Words,
        Metric = Metric ?? other.Metric,
        Unit = Unit ?? other.Unit,
    };
}
