using System.Collections.Concurrent;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Records;

/// <summary>The origin of the objects of an emitted type: an object, and a map or iterator program in it.</summary>
/// <param name="File">The object with its metadata.</param>
/// <param name="Kind">The kind of objects.</param>
/// <param name="Name">The name of the map or the iterator.</param>
/// <param name="Map">The map; null for an iterator.</param>
internal sealed record RecordOrigin(ObjectFile File, OriginKind Kind, string Name, MapDescription? Map)
{
    // One entry for each emitted type; types are never unloaded. If two tools have equal types, the last one wins, as for views.
    private static readonly ConcurrentDictionary<Type, RecordOrigin> s_origins = new();

    /// <summary>The map of maps that contains the map; null for none.</summary>
    public MapDescription? Outer { get; init; }

    /// <summary>The decoder of the objects: a <see cref="RecordType"/>, <see cref="EntryType"/> or <see cref="HistogramType"/>.</summary>
    public required object Type { get; init; }

    /// <summary>The plan of the emitted type; null for histograms.</summary>
    public TypePlan? Plan => (Type as RecordType)?.Plan ?? (Type as EntryType)?.Plan;

    /// <summary>The extra properties of the objects that a capture contains.</summary>
    public RecordExtras PackedExtras => Type is HistogramType histogram
        ? histogram.Extras & (histogram.HasContainer ? RecordExtras.Packed : RecordExtras.Sender)
        : (Plan!.HasContainer ? RecordExtras.Container : RecordExtras.None) | (Plan.HasPod ? RecordExtras.Pod : RecordExtras.None) | (Plan.HasSender ? RecordExtras.Sender : RecordExtras.None);

    /// <summary>Registers the origin of events of a map or records of an iterator.</summary>
    /// <param name="file">The object file.</param>
    /// <param name="map">The map; null for an iterator.</param>
    /// <param name="type">The type of the events.</param>
    public static RecordOrigin Note(ObjectFile file, MapDescription? map, RecordType type) => Note(
        type.ClrType, new RecordOrigin(file, map is not null ? OriginKind.Event : type.Size > 0 ? OriginKind.Iterator : OriginKind.IteratorBytes, type.Name, map) { Type = type });

    /// <summary>Registers the origin of map entries.</summary>
    /// <param name="file">The object file.</param>
    /// <param name="map">The map.</param>
    /// <param name="outer">The map of maps that contains the map; null for none.</param>
    /// <param name="type">The type of the entries.</param>
    public static RecordOrigin Note(ObjectFile file, MapDescription map, MapDescription? outer, EntryType type) =>
        Note(type.ClrType, new RecordOrigin(file, OriginKind.Entry, map.Name, map) { Type = type, Outer = outer });

    /// <summary>Registers the origin of histograms, and of the records that contain their labels.</summary>
    /// <param name="file">The object file.</param>
    /// <param name="map">The map.</param>
    /// <param name="type">The type of the histograms.</param>
    public static RecordOrigin Note(ObjectFile file, MapDescription map, HistogramType type)
    {
        _ = type.Plan.Source is RecordType record ? Note(file, map, record) : Note(file, map, null, (EntryType)type.Plan.Source);
        return Note(type.ClrType, new RecordOrigin(file, OriginKind.Histogram, map.Name, map) { Type = type });
    }

    /// <summary>Returns the origin of objects of a type; null if it is not registered.</summary>
    /// <param name="type">The type. A class for longer records has the origin of its base.</param>
    public static RecordOrigin? Of(Type type) =>
        s_origins.TryGetValue(type, out var origin) || (type.BaseType is { } whole && s_origins.TryGetValue(whole, out origin)) ? origin : null;

    // A tool that is here knows more than an object that came without its tool.
    private static RecordOrigin Note(Type type, RecordOrigin origin) => origin.File.Bytes.IsEmpty ? s_origins.GetOrAdd(type, origin) : s_origins[type] = origin;
}

/// <summary>The kind of objects of an emitted type.</summary>
internal enum OriginKind
{
    /// <summary>Events of a ring or perf buffer.</summary>
    Event,
    /// <summary>Entries of a map.</summary>
    Entry,
    /// <summary>Histograms of a map.</summary>
    Histogram,
    /// <summary>Records of an iterator program.</summary>
    Iterator,
    /// <summary>Records of an iterator program with an unknown type.</summary>
    IteratorBytes,
}
