using System.Runtime.InteropServices;
using System.Text;

namespace Bee.Ebpf;

/// <summary>
/// Reads the count of events that programs could not submit because a ring was full. The kernel keeps none, so programs do, in a per-CPU
/// hash map of a fixed name: the key is the ring's name in 32 bytes, the value a 64-bit count.
/// </summary>
internal sealed class LostCounts
{
    public const string MapName = "bee_lost";
    private const int NameSize = 32;

    private readonly MapScan _scan;
    private readonly RecordStream[] _rings;

    private LostCounts(MapScan scan, RecordStream[] rings)
    {
        _scan = scan;
        _rings = rings;
    }

    /// <summary>The counts of a session; null when its programs keep none, or no ring is read.</summary>
    public static LostCounts? Find(BpfSession session, IReadOnlyList<RecordStream> streams)
    {
        // bee.h brings the map into every program that includes it, and the function that counts only into those that call it.
        if (session.File.Btf is { } btf && btf.Find("bee_map_name", BtfKind.Struct) is not null && btf.Find("bee_count_lost", BtfKind.Function) is null)
        {
            return null;
        }

        var map = session.Maps.FirstOrDefault(m => m.Name == MapName);
        var rings = streams.Where(s => s.Map?.Type == MapType.RingBuffer).ToArray();
        if (map is null || rings.Length == 0 || map.Description is not { KeySize: NameSize, ValueSize: sizeof(ulong), Type: MapType.PerCpuHash or MapType.Hash })
        {
            return null;
        }

        foreach (var ring in rings)
        {
            ring.Lost = 0;
        }

        return new LostCounts(map.Scan(), rings);
    }

    /// <summary>Tells the sink what has been lost since the last call.</summary>
    public void Report(IEventSink sink)
    {
        _scan.Restart();
        while (_scan.Next())
        {
            for (var i = 0; i < _scan.Count; i++)
            {
                var key = _scan.Key(i);
                var end = key.IndexOf((byte)0);
                var name = Encoding.UTF8.GetString(end < 0 ? key : key[..end]);
                ulong total = 0;
                foreach (var count in MemoryMarshal.Cast<byte, ulong>(_scan.Value(i)))
                {
                    total += count;
                }

                // A name that fills the key may go on in the object file.
                var ring = Array.Find(_rings, r => end < 0 || name.Length == NameSize - 1 ? r.Name.StartsWith(name, StringComparison.Ordinal) : r.Name == name);
                if (ring is not null && total > ring.Lost)
                {
                    var news = total - ring.Lost.Value;
                    ring.Lost = total;
                    sink.Lost(ring.Name, news);
                }
            }
        }
    }
}
