using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Records;

/// <summary>Describes how the contents of a <c>hist_</c> map become <see cref="Histogram"/> objects: the labels, the values or slots, and the buckets. Thread-safe.</summary>
internal sealed class HistogramType
{
    private readonly BucketScale _scale;

    private HistogramType(MapDescription map, HistogramPlan plan, RecordExtras extras)
    {
        Extras = extras;
        // A histogram happened in one container only if a label says in which.
        Where = ContainerKeyFields.Of(plan.Source.Plan!, name => plan.Labels.Any(label => label.Name == name));
        Name = map.Name;
        Plan = plan;
        _scale = plan.Scale;
        Unit = map.Metadata.Unit ?? plan.Unit ?? HistogramUnits.OfName(map.Name);
        (ClrType, Labels) = HistogramEmitter.Class(map.Name, plan.Source.ClrType, plan.Labels, [.. ExtraPlans.Of(extras, Where is not null)]);
    }

    /// <summary>The name of the map.</summary>
    public string Name { get; }

    /// <summary>The generated type of the histograms.</summary>
    public Type ClrType { get; }

    /// <summary>The properties that were asked for in addition to the labels.</summary>
    public RecordExtras Extras { get; set; }

    /// <summary>The labels that say where the values were measured, or null.</summary>
    internal ContainerKeyFields? Where { get; }

    /// <summary>Whether the histograms have names of containers.</summary>
    internal bool HasContainer => Extras.HasFlag(RecordExtras.Container) && Where is not null;

    /// <summary>The labels: properties of <see cref="ClrType"/>, in order.</summary>
    public IReadOnlyList<RecordField> Labels { get; }

    /// <summary>The unit of the values, from metadata, the type of the observed field, or the suffix of the map's name (<c>_ns</c>, <c>_us</c>, <c>_bytes</c>, …); null if it is not known.</summary>
    public string? Unit { get; }

    /// <summary>The kind of limits of the buckets.</summary>
    public HistogramLimits Limits => _scale.Limits;

    internal HistogramPlan Plan { get; }

    /// <summary>Returns the type of a map's histograms.</summary>
    /// <param name="map">A map whose role is <see cref="MapRole.Histogram"/>.</param>
    /// <param name="whyNot">The reason if the map has no histograms; else null.</param>
    /// <param name="extras">The properties to add.</param>
    /// <returns>The type; null if the map has neither values nor slots.</returns>
    /// <exception cref="BpfObjectException">A BTF type is inconsistent.</exception>
    public static HistogramType? For(MapDescription map, out string? whyNot, RecordExtras extras = RecordExtras.None)
    {
        ArgumentNullException.ThrowIfNull(map);
        return Find(map, out whyNot) is { } plan ? new HistogramType(map, plan, extras) : null;
    }

    /// <summary>Returns the reason why a map has no histograms; null if it has.</summary>
    /// <param name="map">A map whose role is <see cref="MapRole.Histogram"/>.</param>
    /// <exception cref="BpfObjectException">A BTF type is inconsistent.</exception>
    public static string? WhyNot(MapDescription map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return Find(map, out var whyNot) is null ? whyNot : null;
    }

    private static HistogramPlan? Find(MapDescription map, out string? whyNot) =>
        map.IsEventStream ? ObservationPlans.Of(map, out whyNot) : SlotPlans.Of(map, out whyNot);

    /// <summary>Recreates a histogram, for example from a capture.</summary>
    internal Histogram Restore(BpfEvent? source, ulong count, double? sum, HistogramBucket[] buckets) => ((Histogram)Activator.CreateInstance(ClrType)!).With(this, source, count, sum, buckets);

    internal Histogram Make(BpfEvent? source, ulong count, double? sum, ReadOnlySpan<ulong> counts) =>
        ((Histogram)Activator.CreateInstance(ClrType)!).With(this, source, count, sum, _scale.Make(counts));
}

/// <summary>Emits the class of a map's histograms: <see cref="Histogram"/> with a property for each label, which reads the first record that the histogram counted.</summary>
internal static class HistogramEmitter
{
    private static readonly MethodInfo s_source = typeof(Histogram).GetProperty("LabelSource", BindingFlags.Instance | BindingFlags.NonPublic)!.GetMethod!;
    private static readonly MethodInfo s_getContainer = Getter("NamesOfContainer"), s_getSender = Getter("HostOfReading");
    private static readonly MethodInfo s_mapName = typeof(Histogram).GetProperty(nameof(Histogram.MapName))!.GetMethod!;

    /// <summary>Returns the class, and the labels under their names in it.</summary>
    /// <param name="map">The name of the map.</param>
    /// <param name="source">The type of the records that contain the labels.</param>
    /// <param name="labels">Properties of <paramref name="source"/>.</param>
    /// <param name="extras">The extra properties. A label or property with the same name, ignoring case, wins.</param>
    public static (Type Type, IReadOnlyList<RecordField> Labels) Class(string map, Type source, IReadOnlyList<RecordField> labels, IReadOnlyList<PropertyPlan> extras)
    {
        var names = new PropertyNames(labels.Select(label => label.Name));
        var owned = typeof(Histogram).GetProperties();
        foreach (var own in owned)
        {
            names.Next(own.Name);
        }

        var named = labels
            .Select(label => new RecordField(
                names.Next(label.Name), label.CName.Length > 0 ? label.CName : label.Name, label.ClrType, label.Meaning, label.Offset, label.Size, label.Width, label.AlignRight))
            .ToArray();
        extras = [.. extras.Where(extra => !named.Select(label => label.Name).Concat(owned.Select(own => own.Name)).Contains(extra.Name, StringComparer.OrdinalIgnoreCase))];
        var key = ShapeKey.Of($"histogram {map}:{source.FullName}", labels.Select((label, i) => $"{named[i].Name}={label.Name}").Concat(extras.Select(extra => $"+{extra.Name}")));
        RecordField[] fields = [.. named, .. extras.Select(RecordFields.Extra)];
        var type = EmittedTypes.Other(key, map, (module, name) => Emit(module, name, map, source, labels, named, extras), fields);
        return (type, fields);
    }

    private static MethodInfo Getter(string property) => typeof(Histogram).GetProperty(property, BindingFlags.Instance | BindingFlags.NonPublic)!.GetMethod!;

    private static Type Emit(ModuleBuilder module, string name, string map, Type source, IReadOnlyList<RecordField> labels, RecordField[] named, IReadOnlyList<PropertyPlan> extras)
    {
        var type = module.DefineType(name, TypeAttributes.Public | TypeAttributes.Sealed | TypeAttributes.Class, typeof(Histogram));
        EmittedTypes.HideIndexer(type);
        type.DefineDefaultConstructor(MethodAttributes.Public);

        Extras(type, extras.Where(ExtraPlans.IsFirst));
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

        Extras(type, extras.Where(extra => !ExtraPlans.IsFirst(extra)));
        return type.CreateType();
    }

    private static void Extras(TypeBuilder type, IEnumerable<PropertyPlan> extras)
    {
        foreach (var extra in extras)
        {
            var code = Property(type, extra.Name, TypeEmitter.PropertyType(extra), default, TypeEmitter.IsNotCompared(extra.Name, extra.IsExtra)).GetILGenerator();
            code.Emit(OpCodes.Ldarg_0);
            code.Emit(OpCodes.Call, extra.Source == PropertySource.Container ? s_getContainer : s_getSender);
            code.Emit(OpCodes.Call, TypeEmitter.ExtraReader(extra.Name));
            code.Emit(OpCodes.Ret);
        }
    }

    private static MethodBuilder Property(TypeBuilder type, string name, Type of, MethodAttributes more, bool isNotCompared = false)
    {
        var property = type.DefineProperty(name, PropertyAttributes.None, of, null);
        var getter = type.DefineMethod(
            "get_" + name, MethodAttributes.Public | MethodAttributes.HideBySig | MethodAttributes.SpecialName | more, of, Type.EmptyTypes);
        property.SetGetMethod(getter);
        if (isNotCompared)
        {
            TypeEmitter.MarkNotCompared(property);
        }

        return getter;
    }
}

/// <summary>Derives units from map names.</summary>
internal static class HistogramUnits
{
    private static readonly (string End, string Unit)[] s_known =
    [
        ("_ns", "ns"), ("_us", "us"), ("_ms", "ms"), ("_seconds", "s"), ("_nanoseconds", "ns"), ("_microseconds", "us"), ("_milliseconds", "ms"),
        ("_bytes", "bytes"), ("_kbytes", "KiB"),
    ];

    /// <summary>Returns the unit from the suffix of a map's name, as in <c>hist_latency_us</c>; null for none.</summary>
    public static string? OfName(string map) => s_known.FirstOrDefault(known => map.EndsWith(known.End, StringComparison.Ordinal)).Unit;
}

/// <summary>The positions of the labels in a record or key. Copies their bytes, so that histograms can be compared by bytes.</summary>
internal sealed class LabelLayout
{
    // An array of values, since this is used for each record.
    private readonly Piece[] _pieces;

    public LabelLayout(IEnumerable<FieldShape> fields)
    {
        _pieces = [.. fields.Select(field => new Piece(field.Offset, field.Value.Size, field.Value is TextShape, field.BitOffset % 8, Math.Min(field.BitSize, 64)))];
        Size = _pieces.Sum(piece => piece.Bits > 0 ? sizeof(ulong) : piece.Size);
    }

    /// <summary>The size of all labels in bytes.</summary>
    public int Size { get; }

    /// <summary>Copies the bytes of the labels, without bytes behind the NUL of a text and without the neighbours of a bit field, so that equal labels have equal bytes.</summary>
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
