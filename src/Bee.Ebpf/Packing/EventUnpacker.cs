using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Packing;

/// <summary>
/// Reads the format of <see cref="EventPacker"/> and creates objects with the same types and values. It needs neither a kernel nor libbpf nor capabilities, and looks nothing up on this machine.
/// Each file needs its own unpacker. Not thread-safe, but the objects are.
/// </summary>
internal sealed class EventUnpacker
{
    // Emitted types are never unloaded, so a file can define only a limited number.
    private const int MostTools = 256, MostTypes = 4096;
    // A bucket needs 40 bytes of memory and at least 3 bytes of payload.
    private const int MostBuckets = 1 << 16, SmallestBucket = 3;
    /// <summary>The size in bytes of the longest type for which a truncated record is filled with zeros.</summary>
    internal const int MostFilled = 256 * 1024;

    private readonly List<ObjectFile> _tools = [];
    private readonly List<RecordOrigin> _types = [];
    private readonly List<IRecordShape> _shapes = [];
    private readonly List<HistogramType> _histograms = [];
    private readonly UnpackedStacks _stacks = new();
    private readonly UnpackedOrigins _origins = new();
    // By the number of a type: whether its packed objects have a container, and a host.
    private readonly List<RecordExtras> _extras = [];
    private RecordHost? _host;

    /// <summary>
    /// The host that the objects come from: they get its name as PSComputerName, and whether they came late as Late (<see cref="BpfEvent.Mark"/>). Null, the default, for objects without a host. A host that
    /// was packed with an object wins.
    /// </summary>
    public RecordSender? Sender { get; init; }

    /// <summary>The time when the last loss was reported, in UTC.</summary>
    public DateTime LossTime { get; private set; }

    /// <summary>The types of events and entries defined so far, in order. Views are created from them before the first object is shown.</summary>
    public IReadOnlyList<IRecordShape> Shapes => _shapes;

    /// <summary>The types of histograms defined so far, in order.</summary>
    public IReadOnlyList<HistogramType> Histograms => _histograms;

    /// <summary>Returns the name of the tool that defines a type; null if the type is not in <see cref="Shapes"/> or has no tool.</summary>
    /// <param name="shape">The type.</param>
    public string? ToolOf(IRecordShape shape) => _types.FindLast(type => type.Type == shape)?.File.Name;

    /// <summary>Returns the name of the tool that has a map; null if no tool read so far has a map of this name.</summary>
    /// <param name="map">The map, by its name in the object file.</param>
    public string? ToolOf(string map) => (_types.FindLast(type => type.Name == map)?.File ?? _tools.FindLast(tool => tool.Maps.Any(other => other.Name == map)))?.Name;

    /// <summary>Reads items until the sink stops.</summary>
    /// <param name="items">Whole items; on return, the items that were not read.</param>
    /// <param name="sink">Receives the objects and the losses.</param>
    /// <returns>False if a call of the sink returned false.</returns>
    /// <exception cref="PackException">The bytes are damaged, or contain items of an unknown kind. The sink has received the objects before.</exception>
    public bool Read(ref ReadOnlySpan<byte> items, IEventSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        while (!items.IsEmpty)
        {
            var reader = new PackReader(items);
            var payload = reader.Item(out var kind);
            items = reader.Left;
            if (!Item(kind, ref payload, sink))
            {
                return false;
            }
        }

        return true;
    }

    private bool Item(PackItem kind, ref PackReader payload, IEventSink sink)
    {
        switch (kind)
        {
            case PackItem.Record or PackItem.Truncated or PackItem.Entry:
                return sink.Event(Record(kind, ref payload));
            case PackItem.Histogram:
                return sink.Event(Histogram(ref payload));
            case PackItem.TraceLine or PackItem.IteratorLine:
                return sink.Event(Line(kind, ref payload, Sender));
            case PackItem.HostLine:
                var sender = _origins.Sender(ref payload) ?? Sender;
                var inner = payload.Item(out var innerKind);
                payload.End();
                return sink.Event(innerKind is PackItem.TraceLine or PackItem.IteratorLine ? Line(innerKind, ref inner, sender) : throw PackException.Damaged("a line of another host is not a line"));
            case PackItem.Loss:
                LossTime = Time(ref payload);
                // Limited so that sums cannot overflow.
                var count = payload.Number() is var number && number <= EventPacker.MostLost ? number : throw PackException.Damaged($"a loss of {number} events is out of range");
                var map = payload.Name();
                payload.End();
                sink.Lost(map, count);
                return true;
            default:
                Define(kind, ref payload);
                return true;
        }
    }

    private void Define(PackItem kind, ref PackReader payload)
    {
        switch (kind)
        {
            case PackItem.Tool:
                Limit(_tools.Count, MostTools);
                _tools.Add(PackedTool.Decode(payload.Rest()));
                break;
            case PackItem.Type:
                DefineType(ref payload, RecordExtras.None);
                break;
            case PackItem.ExtendedType:
                DefineType(ref payload, (RecordExtras)payload.Number((int)RecordExtras.Packed));
                break;
            case PackItem.Container:
                _origins.ReadContainer(ref payload);
                NotePods();
                break;
            case PackItem.Sender:
                _origins.ReadSender(ref payload);
                break;
            case PackItem.Shape:
                DefineShape(ref payload);
                break;
            case PackItem.Block:
                payload.End();
                _host = null;
                _stacks.Clear();
                _origins.Clear();
                break;
            case PackItem.Host:
                _host = new RecordHost(new ClockDistances(payload.Signed(), payload.Signed()));
                payload.End();
                break;
            case PackItem.Account:
                var account = new Account(payload.Number(1) == 1, payload.Number(uint.MaxValue));
                Host.Add(account, payload.OptionalText());
                payload.End();
                break;
            case PackItem.Frame:
                _stacks.ReadFrame(ref payload);
                break;
            case PackItem.Stack:
                _stacks.ReadStack(ref payload);
                break;
            default:
                throw new PackException(PackFault.UnknownItem, $"Packed events contain an item of kind {(byte)kind}, which this version does not support.", "Use a later version of Bee.");
        }
    }

    private void DefineType(ref PackReader payload, RecordExtras packed)
    {
        Limit(_types.Count, MostTypes);
        Add(PackedType.Read(ref payload, _tools, packed | (Sender is null ? RecordExtras.None : RecordExtras.Sender), out var isForLabels), packed, isForLabels);
    }

    private void DefineShape(ref PackReader payload)
    {
        Limit(_types.Count, MostTypes);
        var packed = (RecordExtras)payload.Number((int)RecordExtras.Packed);
        Add(PackedShape.Read(ref payload, packed | (Sender is null ? RecordExtras.None : RecordExtras.Sender), out var isForLabels), packed, isForLabels);
    }

    private void Add(RecordOrigin type, RecordExtras packed, bool isForLabels)
    {
        _types.Add(type);
        _extras.Add(isForLabels ? RecordExtras.None : packed);
        if (type.Type is HistogramType histogram)
        {
            _histograms.Add(histogram);
        }
        else if (!isForLabels)
        {
            _shapes.Add((IRecordShape)type.Type);
        }

        NotePods();
    }

    // Views show pods from the first object on that is in one.
    private void NotePods()
    {
        if (!_origins.HasPods)
        {
            return;
        }

        foreach (var type in _types)
        {
            switch (type.Type)
            {
                case RecordType record:
                    record.Extras |= RecordExtras.Kubernetes;
                    break;
                case EntryType entry:
                    entry.Extras |= RecordExtras.Kubernetes;
                    break;
            }
        }
    }

    private RecordHost Host => _host ?? throw PackException.Damaged("the description of an object's machine is missing");

    private RecordOrigin Type(ref PackReader payload, out ContainerNames? container, out RecordSender? sender)
    {
        var index = payload.Number(int.MaxValue) is var number && number < _types.Count ? number : throw PackException.Damaged("an object is of a type that is not defined");
        container = (_extras[index] & RecordExtras.Container) != 0 ? _origins.Container(ref payload) : null;
        sender = ((_extras[index] & RecordExtras.Sender) != 0 ? _origins.Sender(ref payload) : null) ?? Sender;
        return _types[index];
    }

    private BpfEvent Record(PackItem kind, ref PackReader payload)
    {
        var origin = Type(ref payload, out var container, out var sender);
        var plan = origin.Plan ?? throw PackException.Damaged("the type of a record is a type of histograms");
        var stacks = _stacks.Read(ref payload, plan.Traces);
        var whole = (kind, origin.Type) switch
        {
            (PackItem.Record, RecordType type) => Whole(type, payload.Left),
            (PackItem.Truncated, RecordType type) => Filled(type, payload.Left),
            (PackItem.Entry, EntryType type) => Entry(type, origin.Map!, ref payload),
            _ => throw PackException.Damaged("the kind of an object differs from its type"),
        };
        whole.Place(container);
        whole.Mark(sender);
        if (plan.NeedsHost)
        {
            whole.Bind(Host);
        }

        if (stacks is not null)
        {
            whole.Keep(stacks);
        }
        else if (plan.IsStack)
        {
            // Without a packed stack, the getter would resolve names on this machine.
            throw PackException.Damaged("an entry of a stack map has no stack");
        }

        return origin.Type is not RecordType record || payload.Left.Length == record.Size || kind == PackItem.Record && record.IsOpen ? whole
            : kind == PackItem.Truncated ? record.Truncate(whole, payload.Left.Length)
            : origin.Map is not null ? record.Extend(whole, payload.Left[record.Size..])
            : throw PackException.Damaged("a record of an iterator is longer than its type");
    }

    private static BpfEvent Whole(RecordType type, ReadOnlySpan<byte> bytes) => bytes.Length >= type.Size ? type.Decode(bytes) : throw PackException.Damaged("a record is shorter than its type");

    private static BpfEvent Filled(RecordType type, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= type.Size || type.Size > MostFilled)
        {
            throw PackException.Damaged("a truncated record is as long as its type, or its type is too long");
        }

        var whole = new byte[type.Size];
        bytes.CopyTo(whole);
        return type.Decode(whole);
    }

    private static MapEntry Entry(EntryType type, MapDescription map, ref PackReader payload)
    {
        var key = payload.Bytes((int)map.KeySize);
        var value = payload.Rest();
        // A per-CPU entry has one value for each CPU of the capturing machine.
        var fits = map.IsPerCpu ? value.Length >= map.CpuStride && (map.CpuStride == 0 || value.Length % map.CpuStride == 0) : value.Length == map.ValueSize;
        return fits ? type.Decode(key, value) : throw PackException.Damaged("the length of an entry differs from its type");
    }

    private Histogram Histogram(ref PackReader payload)
    {
        var histogram = Restored(ref payload, out var container, out var sender);
        histogram.Place(container);
        histogram.Mark(sender);
        return histogram;
    }

    private Histogram Restored(ref PackReader payload, out ContainerNames? container, out RecordSender? sender)
    {
        var origin = Type(ref payload, out container, out sender);
        var type = origin.Type as HistogramType ?? throw PackException.Damaged("the type of a histogram is not a type of histograms");
        var (count, sum) = (payload.Number(), payload.OptionalDouble());
        var buckets = new HistogramBucket[payload.Number(Math.Min(payload.Left.Length / SmallestBucket, MostBuckets))];
        for (var i = 0; i < buckets.Length; i++)
        {
            buckets[i] = new HistogramBucket(payload.OptionalDouble(), payload.OptionalDouble(), payload.Number());
        }

        if (payload.IsEnd)
        {
            return type.Plan.Labels.Count == 0 ? type.Restore(null, count, sum, buckets) : throw PackException.Damaged("a histogram has no labels");
        }

        var inner = payload.Item(out var kind);
        payload.End();
        var source = kind is PackItem.Record or PackItem.Entry ? Record(kind, ref inner) : throw PackException.Damaged("the labels of a histogram are neither a record nor an entry");
        return source.GetType() == type.Plan.Source.ClrType ? type.Restore(source, count, sum, buckets) : throw PackException.Damaged("the labels of a histogram are of another type");
    }

    private BpfEvent Line(PackItem kind, ref PackReader payload, RecordSender? sender)
    {
        BpfEvent line = kind == PackItem.TraceLine ? TraceLine(ref payload, sender is not null)
            : sender is null ? new IteratorLine(payload.Text())
            : new HostIteratorLine(payload.Text());
        payload.End();
        line.Mark(sender);
        return line;
    }

    private TraceLine TraceLine(ref PackReader payload, bool hasSender)
    {
        var shape = hasSender ? HostTraceLine.Shape : Events.TraceLine.Shape;
        if (!_shapes.Contains(shape))
        {
            _shapes.Add(shape);
        }

        var time = Time(ref payload).ToLocalTime();
        var (cpu, pid, tid) = ((int)payload.Signed(), (int)payload.Signed(), (int)payload.Signed());
        var (comm, program, text) = (payload.Text(), payload.OptionalText()!, payload.Text());
        return hasSender ? new HostTraceLine(time, cpu, pid, tid, comm, program, text) : new TraceLine(time, cpu, pid, tid, comm, program, text);
    }

    private static DateTime Time(ref PackReader payload) =>
        payload.Number() is var ticks && ticks <= (ulong)DateTime.MaxValue.Ticks ? new DateTime((long)ticks, DateTimeKind.Utc) : throw PackException.Damaged("a time is out of range");

    private static void Limit(int count, int most)
    {
        if (count >= most)
        {
            throw PackException.Damaged($"more than {most} tools or types are defined");
        }
    }
}
