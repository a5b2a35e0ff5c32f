using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Events;

/// <summary>A map that is looked at from time to time.</summary>
internal sealed class PolledMap : IPolled
{
    private readonly RecordStream _stream;
    private readonly BpfMap _map;
    private readonly MapScan _scan;
    private readonly SeenValues _seen;
    private readonly EntryType _type;
    private readonly bool _all;
    private readonly bool _skipZeros;

    public PolledMap(RecordStream stream, BpfMap map, bool all)
    {
        _stream = stream;
        _map = map;
        _type = stream.EntryType!;
        _scan = map.Scan();
        _seen = new SeenValues(_scan.KeySize, _scan.ValueStride);
        _all = all;
        // Every slot of an array exists from the start; those that no program has written to yet say nothing.
        _skipZeros = map.Description.Type is MapType.Array or MapType.PerCpuArray;
    }

    /// <summary>Gives the sink every entry, or those that are new or other than at the last poll.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="stopped">Set when the sink wants no more.</param>
    public void Poll(IEventSink sink, ref bool stopped)
    {
        _scan.Restart();
        _seen.NextPass();
        while (_scan.Next())
        {
            for (var i = 0; i < _scan.Count; i++)
            {
                var key = _scan.Key(i);
                var value = _scan.Value(i);
                if (!_all && (!_seen.Changed(key, value, out var known) || (_skipZeros && !known && !value.ContainsAnyExcept((byte)0))))
                {
                    continue;
                }

                _stream.Count++;
                if (!sink.Event(_map.Decode(_type, key, value)))
                {
                    stopped = true;
                    return;
                }
            }
        }
    }
}
