using System.Collections.Concurrent;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Records;

/// <summary>Where the objects of an emitted type come from: an object file, and in it a map or an iterator program.</summary>
/// <param name="File">The object file, with its metadata.</param>
/// <param name="Kind">What the objects are.</param>
/// <param name="Name">The name of the map or the iterator.</param>
/// <param name="Map">The map; null for an iterator.</param>
internal sealed record RecordOrigin(ObjectFile File, OriginKind Kind, string Name, MapDescription? Map)
{
    // One for each emitted type, and those are never unloaded. If two tools have equal types, the last one counts, as for their views.
    private static readonly ConcurrentDictionary<Type, RecordOrigin> s_origins = new();

    /// <summary>Of a map inside a map of maps the outer map; null for others.</summary>
    public MapDescription? Outer { get; init; }

    /// <summary>How the objects are made: a <see cref="RecordType"/>, an <see cref="EntryType"/> or a <see cref="HistogramType"/>.</summary>
    public required object Type { get; init; }

    /// <summary>How the bytes of the objects are read; null for histograms.</summary>
    public TypePlan? Plan => (Type as RecordType)?.Plan ?? (Type as EntryType)?.Plan;

    /// <summary>Notes the origin of a map's or an iterator's events.</summary>
    /// <param name="file">The object file.</param>
    /// <param name="map">The map; null for an iterator.</param>
    /// <param name="type">The events.</param>
    public static RecordOrigin Note(ObjectFile file, MapDescription? map, RecordType type) => Note(
        type.ClrType, new RecordOrigin(file, map is not null ? OriginKind.Event : type.Size > 0 ? OriginKind.Iterator : OriginKind.IteratorBytes, type.Name, map) { Type = type });

    /// <summary>Notes the origin of a map's entries.</summary>
    /// <param name="file">The object file.</param>
    /// <param name="map">The map.</param>
    /// <param name="outer">The map that it is in; null for none.</param>
    /// <param name="type">The entries.</param>
    public static RecordOrigin Note(ObjectFile file, MapDescription map, MapDescription? outer, EntryType type) =>
        Note(type.ClrType, new RecordOrigin(file, OriginKind.Entry, map.Name, map) { Type = type, Outer = outer });

    /// <summary>Notes the origin of a map's histograms, and of the records that their labels are read from.</summary>
    /// <param name="file">The object file.</param>
    /// <param name="map">The map.</param>
    /// <param name="type">The histograms.</param>
    public static RecordOrigin Note(ObjectFile file, MapDescription map, HistogramType type)
    {
        _ = type.Plan.Source is RecordType record ? Note(file, map, record) : Note(file, map, null, (EntryType)type.Plan.Source);
        return Note(type.ClrType, new RecordOrigin(file, OriginKind.Histogram, map.Name, map) { Type = type });
    }

    /// <summary>Returns the origin of a type's objects; null for a type that no stream and no map has had.</summary>
    /// <param name="type">The type. One that stands for records longer than their type has the origin of that.</param>
    public static RecordOrigin? Of(Type type) =>
        s_origins.TryGetValue(type, out var origin) || (type.BaseType is { } whole && s_origins.TryGetValue(whole, out origin)) ? origin : null;

    private static RecordOrigin Note(Type type, RecordOrigin origin) => s_origins[type] = origin;
}

/// <summary>What the objects of an emitted type are.</summary>
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
    /// <summary>Records of an iterator program whose type is not known.</summary>
    IteratorBytes,
}
