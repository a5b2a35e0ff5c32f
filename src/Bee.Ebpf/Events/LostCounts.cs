using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;

namespace Bee.Ebpf.Events;

/// <summary>
/// Reads the number of events that programs could not submit because a ring was full. The kernel keeps no such count, so programs do, in one of two ways. bee.h declares one map of a fixed name
/// for all rings, whose key is the ring's name in 32 bytes. Inspektor Gadget declares a per-CPU map for each ring, with the ring's name and <c>_lost_samples</c>.
/// </summary>
internal sealed class LostCounts
{
    public const string MapName = MapDescription.LostMap;
    private const string GadgetSuffix = "_lost_samples";
    private const int NameSize = 32;

    private readonly MapScan? _all;
    private readonly RecordStream[] _rings;
    private readonly List<(MapScan Scan, RecordStream Ring)> _single = [];

    private LostCounts(MapScan? all, RecordStream[] rings)
    {
        _all = all;
        _rings = rings;
    }

    /// <summary>Returns the counts of a session; null if its programs do not count, or no ring is read.</summary>
    public static LostCounts? Find(LoadedObject source, IReadOnlyList<RecordStream> streams)
    {
        var rings = streams.Where(s => s.Map?.Type == MapType.RingBuffer).ToArray();
        var map = Counts(source.File) ? source.Maps.FirstOrDefault(m => m.Name == MapName) : null;
        var isCount = map?.Description is { KeySize: NameSize, ValueSize: sizeof(ulong), Type: MapType.PerCpuHash or MapType.Hash };
        var counts = new LostCounts(isCount && rings.Length > 0 ? map!.Scan() : null, rings);
        foreach (var ring in rings)
        {
            if (source.Maps.FirstOrDefault(m => IsCountOf(m.Description, ring.Name)) is { } single)
            {
                counts._single.Add((single.Scan(), ring));
                ring.Lost = 0;
            }
            else if (counts._all is not null)
            {
                ring.Lost = 0;
            }
        }

        return counts._all is null && counts._single.Count == 0 ? null : counts;
    }

    /// <summary>Returns whether a map only counts the events that a ring has lost.</summary>
    public static bool IsCount(MapDescription map, ObjectFile file) =>
        map.Name.EndsWith(GadgetSuffix, StringComparison.Ordinal) && file.Maps.Any(ring => ring.Type == MapType.RingBuffer && IsCountOf(map, ring.Name));

    /// <summary>Returns whether a session of an object reports lost events of one of its buffers: for perf buffers always, for rings if the programs count.</summary>
    public static bool AreKept(ObjectFile file) => file.Maps.Any(map => map.IsEventStream && (map.Type != MapType.RingBuffer
        || file.Maps.Any(count => IsCountOf(count, map.Name)) || (Counts(file) && file.Maps.Any(count => count.Name == MapName))));

    /// <summary>Reports the losses since the last call to the sink.</summary>
    public void Report(IEventSink sink)
    {
        foreach (var (scan, ring) in _single)
        {
            scan.Restart();
            if (scan.Next())
            {
                Report(ring, Sum(scan.Value(0)), sink);
            }
        }

        _all?.Restart();
        while (_all?.Next() == true)
        {
            for (var i = 0; i < _all.Count; i++)
            {
                var key = _all.Key(i);
                var end = key.IndexOf((byte)0);
                var name = Encoding.UTF8.GetString(end < 0 ? key : key[..end]);
                // A name that fills the key may be a prefix of the name in the object.
                var ring = Array.Find(_rings, r => end < 0 || name.Length == NameSize - 1 ? r.Name.StartsWith(name, StringComparison.Ordinal) : r.Name == name);
                if (ring is not null)
                {
                    Report(ring, Sum(_all.Value(i)), sink);
                }
            }
        }
    }

    // Every program that includes bee.h has the map, but only those that call the counting function have that.
    private static bool Counts(ObjectFile file) =>
        file.Btf is not { } btf || btf.Find("bee_map_name", BtfKind.Struct) is null || btf.Find("bee_count_lost", BtfKind.Function) is not null;

    private static bool IsCountOf(MapDescription map, string ring) =>
        map is { KeySize: sizeof(uint), ValueSize: sizeof(ulong), MaxEntries: 1, Type: MapType.PerCpuArray or MapType.Array } && map.Name == ring + GadgetSuffix;

    private static void Report(RecordStream ring, ulong total, IEventSink sink)
    {
        if (total > ring.Lost)
        {
            var news = total - ring.Lost.Value;
            ring.Lost = total;
            sink.Lost(ring.Name, news);
        }
    }

    private static ulong Sum(ReadOnlySpan<byte> values)
    {
        ulong total = 0;
        foreach (var count in MemoryMarshal.Cast<byte, ulong>(values))
        {
            total += count;
        }

        return total;
    }
}
