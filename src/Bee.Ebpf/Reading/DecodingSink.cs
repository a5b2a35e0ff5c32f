namespace Bee.Ebpf;

/// <summary>Turns records of one stream into objects.</summary>
internal struct DecodingSink : IRecordSink
{
    private readonly RecordStream _stream;
    private readonly RecordType _type;
    private readonly IEventSink _sink;
    private readonly StackSource? _stacks;
    private readonly int _size;

    public DecodingSink(RecordStream stream, RecordType type, IEventSink sink)
    {
        _stream = stream;
        _type = type;
        _sink = sink;
        _size = type.Size;
        _stacks = type.Stacks is null ? null : stream.Stacks;
    }

    /// <summary>Whether the sink wants no more.</summary>
    public bool Stopped { get; private set; }

    /// <inheritdoc/>
    public bool Record(ReadOnlySpan<byte> data)
    {
        if (data.Length < _size)
        {
            if (_stream.Map is { DataSource: not null })
            {
                return Cut(data);
            }

            _sink.Short(new ShortRecord(_stream.Name, _size, data.Length));
            return true;
        }

        var decoded = _type.Decode(data);
        _stacks?.Resolve(_type.Stacks!, decoded, data, default);
        _stream.Count++;
        if (_sink.Event(decoded))
        {
            return true;
        }

        Stopped = true;
        return false;
    }

    // Gadgets submit as much of a large struct as they have filled, and Inspektor Gadget reads zeros for the rest.
    private bool Cut(ReadOnlySpan<byte> data)
    {
        var whole = new byte[_size];
        data.CopyTo(whole);
        return Record(whole);
    }
}
