namespace Bee.Ebpf;

/// <summary>
/// How what a <c>hist_</c> map holds becomes <see cref="Histogram"/> objects: which fields are labels, where the values or slots are, and
/// which buckets they fall into. Safe to use from any thread.
/// </summary>
public sealed class HistogramType
{
    private readonly BucketScale _scale;

    private HistogramType(MapDescription map, HistogramPlan plan)
    {
        Name = map.Name;
        Plan = plan;
        _scale = plan.Scale;
        Unit = map.Metadata.Unit ?? plan.Unit ?? HistogramUnits.OfName(map.Name);
        (ClrType, Labels) = HistogramEmitter.Class(map.Name, plan.Source.ClrType, plan.Labels);
    }

    /// <summary>The map's name.</summary>
    public string Name { get; }

    /// <summary>The emitted type of the histograms.</summary>
    public Type ClrType { get; }

    /// <summary>The labels: properties of <see cref="ClrType"/>, in their order.</summary>
    public IReadOnlyList<RecordField> Labels { get; }

    /// <summary>The unit of the values: what the author says, else what the type of the observed field or the end of the map's name (<c>_ns</c>, <c>_us</c>, <c>_bytes</c>, ...) says; null where nobody does.</summary>
    public string? Unit { get; }

    /// <summary>What the limits of the buckets follow.</summary>
    public HistogramLimits Limits => _scale.Limits;

    internal HistogramPlan Plan { get; }

    /// <summary>The type of a map's histograms.</summary>
    /// <param name="map">A map whose role is <see cref="MapRole.Histogram"/>.</param>
    /// <param name="whyNot">Why its contents make no histogram; null when they do.</param>
    /// <returns>The type; null where the map holds neither values nor slots.</returns>
    /// <exception cref="BpfObjectException">A BTF type contradicts itself.</exception>
    public static HistogramType? For(MapDescription map, out string? whyNot)
    {
        ArgumentNullException.ThrowIfNull(map);
        return Find(map, out whyNot) is { } plan ? new HistogramType(map, plan) : null;
    }

    /// <summary>Why a map's contents make no histogram; null when they do.</summary>
    /// <param name="map">A map whose role is <see cref="MapRole.Histogram"/>.</param>
    /// <exception cref="BpfObjectException">A BTF type contradicts itself.</exception>
    public static string? WhyNot(MapDescription map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return Find(map, out var whyNot) is null ? whyNot : null;
    }

    private static HistogramPlan? Find(MapDescription map, out string? whyNot) =>
        map.IsEventStream ? ObservationPlans.Of(map, out whyNot) : SlotPlans.Of(map, out whyNot);

    internal Histogram Make(BpfEvent? source, ulong count, double? sum, ReadOnlySpan<ulong> counts) =>
        ((Histogram)Activator.CreateInstance(ClrType)!).With(this, source, count, sum, _scale.Make(counts));
}
