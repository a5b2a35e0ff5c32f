using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>Decodes the records of one stream into objects.</summary>
internal struct DecodingSink : IRecordSink
{
    private readonly RecordStream _stream;
    private readonly RecordType _type;
    private readonly IEventSink _sink;
    private readonly StackSource? _stacks;
    private readonly IRecordObserver? _observer;
    private readonly ContainerLookup? _containers;
    private readonly int _size;
    private readonly int _most;

    public DecodingSink(RecordStream stream, RecordType type, IEventSink sink)
    {
        _stream = stream;
        _type = type;
        _sink = sink;
        _size = type.Size;
        _most = type.IsOpen ? int.MaxValue : _size + stream.Padding;
        _stacks = type.Stacks is null ? null : stream.Stacks;
        _observer = stream.Observer;
        _containers = stream.Containers;
    }

    /// <summary>Whether the sink has ended the run.</summary>
    public bool Stopped { get; private set; }

    /// <inheritdoc/>
    public bool Record(ReadOnlySpan<byte> data)
    {
        ContainerNames? names = null;
        if (_containers is not null && !_containers.Selects(out names, data))
        {
            _stream.Filtered++;
            return true;
        }

        _observer?.Observe(data);
        if (data.Length < _size)
        {
            return Short(data, names);
        }

        var decoded = Decode(data, names);
        return Pass(data.Length <= _most ? decoded : Long(decoded, data));
    }

    private readonly BpfEvent Decode(ReadOnlySpan<byte> data, ContainerNames? names)
    {
        var decoded = _type.Decode(data);
        if (names is not null)
        {
            decoded.Place(names);
        }

        _stacks?.Resolve(_type.Stacks!, decoded, data, default);
        return decoded;
    }

    private bool Pass(BpfEvent decoded)
    {
        _stream.Count++;
        if (_sink.Event(decoded))
        {
            return true;
        }

        Stopped = true;
        return false;
    }

    private bool Short(ReadOnlySpan<byte> data, ContainerNames? names)
    {
        var whole = new byte[_size];
        data.CopyTo(whole);
        var decoded = Decode(whole, names);
        // Gadgets submit only the part of a large struct that they have filled, and Inspektor Gadget reads zeros for the rest.
        if (_stream.Map is { DataSource: not null })
        {
            return Pass(decoded);
        }

        _stream.ShortRecords++;
        return Pass(_stream.Truncate(decoded, data.Length, _sink));
    }

    private readonly BpfEvent Long(BpfEvent decoded, ReadOnlySpan<byte> data)
    {
        if (!_stream.HasReportedLong)
        {
            _stream.HasReportedLong = true;
            _sink.Notice(_stream.Name, $"a record has {Quantity.Of(data.Length, "byte")}, but its type has {_size}; GetRest() of an event returns the bytes behind the type.");
        }

        return _type.Extend(decoded, data[_size..]);
    }
}
