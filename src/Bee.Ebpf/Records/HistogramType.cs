using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Records;

/// <summary>
/// How what a <c>hist_</c> map holds becomes <see cref="Histogram"/> objects: which fields are labels, where the values or slots are, and
/// which buckets they fall into. Safe to use from any thread.
/// </summary>
internal sealed class HistogramType
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

    /// <summary>Makes a histogram that was made before, elsewhere.</summary>
    internal Histogram Restore(BpfEvent? source, ulong count, double? sum, HistogramBucket[] buckets) => ((Histogram)Activator.CreateInstance(ClrType)!).With(this, source, count, sum, buckets);

    internal Histogram Make(BpfEvent? source, ulong count, double? sum, ReadOnlySpan<ulong> counts) =>
        ((Histogram)Activator.CreateInstance(ClrType)!).With(this, source, count, sum, _scale.Make(counts));
}

/// <summary>Emits the class of a map's histograms: <see cref="Histogram"/> with a property for each label, which asks the record that the histogram was first counted for.</summary>
internal static class HistogramEmitter
{
    private static readonly MethodInfo s_source = typeof(Histogram).GetProperty("LabelSource", BindingFlags.Instance | BindingFlags.NonPublic)!.GetMethod!;
    private static readonly MethodInfo s_mapName = typeof(Histogram).GetProperty(nameof(Histogram.MapName))!.GetMethod!;

    /// <summary>The class, and its labels under the names that they have there.</summary>
    /// <param name="map">The map's name.</param>
    /// <param name="source">The type of the records that labels are read from.</param>
    /// <param name="labels">Properties of <paramref name="source"/>.</param>
    public static (Type Type, IReadOnlyList<RecordField> Labels) Class(string map, Type source, IReadOnlyList<RecordField> labels)
    {
        var names = new PropertyNames(labels.Select(label => label.Name));
        foreach (var own in typeof(Histogram).GetProperties())
        {
            names.Next(own.Name);
        }

        var named = labels
            .Select(label => new RecordField(
                names.Next(label.Name), label.CName.Length > 0 ? label.CName : label.Name, label.ClrType, label.Meaning, label.Offset, label.Size, label.Width, label.AlignRight))
            .ToArray();
        var key = ShapeKey.Of($"histogram {map}:{source.FullName}", labels.Select((label, i) => $"{named[i].Name}={label.Name}"));
        var type = EmittedTypes.Other(key, map, (module, name) => Emit(module, name, map, source, labels, named), named);
        return (type, named);
    }

    private static Type Emit(ModuleBuilder module, string name, string map, Type source, IReadOnlyList<RecordField> labels, RecordField[] named)
    {
        var type = module.DefineType(name, TypeAttributes.Public | TypeAttributes.Sealed | TypeAttributes.Class, typeof(Histogram));
        EmittedTypes.HideIndexer(type);
        type.DefineDefaultConstructor(MethodAttributes.Public);

        var getter = Property(type, nameof(Histogram.MapName), typeof(string), MethodAttributes.Virtual);
        getter.GetILGenerator().Emit(OpCodes.Ldstr, map);
        getter.GetILGenerator().Emit(OpCodes.Ret);
        type.DefineMethodOverride(getter, s_mapName);

        for (var i = 0; i < named.Length; i++)
        {
            var property = source.GetProperty(labels[i].Name)!;
            var il = Property(type, named[i].Name, property.PropertyType, default).GetILGenerator();
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Call, s_source);
            il.Emit(OpCodes.Castclass, source);
            il.Emit(OpCodes.Callvirt, property.GetMethod!);
            il.Emit(OpCodes.Ret);
        }

        return type.CreateType();
    }

    private static MethodBuilder Property(TypeBuilder type, string name, Type of, MethodAttributes more)
    {
        var property = type.DefineProperty(name, PropertyAttributes.None, of, null);
        var getter = type.DefineMethod(
            "get_" + name, MethodAttributes.Public | MethodAttributes.HideBySig | MethodAttributes.SpecialName | more, of, Type.EmptyTypes);
        property.SetGetMethod(getter);
        return getter;
    }
}

/// <summary>Units that the name of a map gives away.</summary>
internal static class HistogramUnits
{
    private static readonly (string End, string Unit)[] s_known =
    [
        ("_ns", "ns"), ("_us", "us"), ("_ms", "ms"), ("_seconds", "s"), ("_nanoseconds", "ns"), ("_microseconds", "us"), ("_milliseconds", "ms"),
        ("_bytes", "bytes"), ("_kbytes", "KiB"),
    ];

    /// <summary>The unit by the end of a map's name, as in <c>hist_latency_us</c>; null where it says nothing.</summary>
    public static string? OfName(string map) => s_known.FirstOrDefault(known => map.EndsWith(known.End, StringComparison.Ordinal)).Unit;
}

/// <summary>Where the labels are in a record or a key, so that two with the same labels can be found to be the same by their bytes.</summary>
internal sealed class LabelLayout
{
    // A value of its own for each field, since this is asked for each record.
    private readonly Piece[] _pieces;

    public LabelLayout(IEnumerable<FieldShape> fields)
    {
        _pieces = [.. fields.Select(field => new Piece(field.Offset, field.Value.Size, field.Value is TextShape, field.BitOffset % 8, Math.Min(field.BitSize, 64)))];
        Size = _pieces.Sum(piece => piece.Bits > 0 ? sizeof(ulong) : piece.Size);
    }

    /// <summary>How many bytes all labels take.</summary>
    public int Size { get; }

    /// <summary>Copies the labels' bytes, and nothing that would make equal labels differ: neither what stands behind a text's NUL nor a bitfield's neighbours.</summary>
    public void Write(ReadOnlySpan<byte> data, Span<byte> labels)
    {
        foreach (ref readonly var piece in _pieces.AsSpan())
        {
            if (piece.Bits > 0)
            {
                var bits = BpfEvent.ReadBits(ref MemoryMarshal.GetReference(data[piece.Offset..]), piece.Shift, piece.Bits, signed: false);
                MemoryMarshal.Write(labels, in bits);
                labels = labels[sizeof(ulong)..];
                continue;
            }

            var bytes = data.Slice(piece.Offset, piece.Size);
            bytes.CopyTo(labels);
            if (piece.IsText && bytes.IndexOf((byte)0) is >= 0 and var end)
            {
                labels[end..bytes.Length].Clear();
            }

            labels = labels[bytes.Length..];
        }
    }

    private readonly record struct Piece(int Offset, int Size, bool IsText, int Shift, int Bits);
}
