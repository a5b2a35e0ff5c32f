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
    // Emitted types are never unloaded, so one origin each is bounded by them. Of tools with equal types the last one counts, as for their views.
    private static readonly ConcurrentDictionary<Type, RecordOrigin> s_origins = new();

    /// <summary>Of a map inside a map of maps the outer map; null for others.</summary>
    public MapDescription? Outer { get; init; }

    /// <summary>Notes the origin of a type's objects, in place of an earlier one.</summary>
    /// <param name="type">The emitted type.</param>
    /// <param name="origin">The origin.</param>
    public static void Note(Type type, RecordOrigin origin) => s_origins[type] = origin;

    /// <summary>Returns the origin of a type's objects; null for a type that no stream and no map has had.</summary>
    /// <param name="type">The type. One that stands for records longer than their type has the origin of that.</param>
    public static RecordOrigin? Of(Type type) =>
        s_origins.TryGetValue(type, out var origin) || (type.BaseType is { } whole && s_origins.TryGetValue(whole, out origin)) ? origin : null;
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
