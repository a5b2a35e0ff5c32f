using System.Buffers;
using System.Runtime.CompilerServices;
using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Packing;

/// <summary>
/// Serializes events, map entries, histograms and lines in a self-describing format, which <see cref="EventUnpacker"/> reads on any machine.
/// Each file needs its own packer. Not thread-safe.
/// </summary>
/// <remarks>
/// The format is a sequence of items: kind (one byte), length of the payload (a LEB128 varint), payload. A definition of a tool, type or name precedes the first event that uses it.
/// Tools and types are valid for the whole file, other definitions for one block, so a file must be unpacked from its beginning and in order.
/// Facts of this machine are packed with the events: clock offsets, names of accounts, and the functions of stacks.
/// The type of an object identifies its tool. If two tools have equal types, it is the tool that was opened last.
/// </remarks>
internal sealed class EventPacker
{
    /// <summary>The largest number of lost events in one loss item. Larger numbers are packed as this one.</summary>
    public const ulong MostLost = 1UL << 48;

    private readonly Dictionary<Type, Packing> _types = [];
    // The types of records and entries from which histograms read their labels.
    private readonly Dictionary<Type, Packing> _labelTypes = [];
    private readonly Dictionary<ObjectFile, int> _tools = new(ReferenceEqualityComparer.Instance);
    private readonly PackPayload _payload = new();
    private readonly PackedStacks _stacks;
    private readonly PackedOrigins _origins;
    private readonly HashSet<Account> _accounts = [];
    private readonly List<Account> _news = [];
    private readonly ArrayBufferWriter<byte> _labels = new();
    private int _definitions;
    private Type? _lastType;
    private Packing _last = Packing.TraceLine;
    private ClockDistances? _clock;
    private int[] _traces = [];
    private int _container;
    private int _sender;
    private bool _beginsBlock;

    private readonly bool _withShapes;

    /// <summary>Creates a packer for a new file.</summary>
    public EventPacker() => (_stacks, _origins) = (new PackedStacks(_payload), new PackedOrigins(_payload));

    /// <summary>Creates a packer for a new file.</summary>
    /// <param name="withShapes">Whether to define types without their tools (<see cref="PackedShape"/>), which takes less space for few objects.</param>
    public EventPacker(bool withShapes)
        : this() => _withShapes = withShapes;

    private enum Form
    {
        Record,
        OpenRecord,
        LongRecord,
        Truncated,
        LongTruncated,
        Entry,
        Histogram,
        TraceLine,
        IteratorLine,
    }

    /// <summary>Appends an object, preceded by the definitions that the file lacks.</summary>
    /// <param name="e">An object from a session, a map or <see cref="EventUnpacker"/>.</param>
    /// <param name="to">Receives whole items.</param>
    /// <exception cref="PackException">The object cannot be packed, such as a struct inside an event (<see cref="PackFault.NotPackable"/>). Nothing is appended, and the packer is unchanged.</exception>
    /// <remarks>Do not use the packer after any other exception: definitions that it considers written may be missing.</remarks>
    public void Pack(BpfEvent e, IBufferWriter<byte> to)
    {
        ArgumentNullException.ThrowIfNull(e);
        ArgumentNullException.ThrowIfNull(to);
        var type = e.GetType();
        // Discards the rest of a failed call.
        _payload.Clear();
        if (type != _lastType || _beginsBlock)
        {
            _last = Find(type, e, to);
            _lastType = type;
            BeginBlock(to);
        }

        var packing = _last;
        if (packing.IsPlain)
        {
            Write(to, PackItem.Record, packing, e.BytesOfRecord(), []);
            return;
        }

        Prepare(e, packing, to);
        switch (packing.Form)
        {
            case Form.LongTruncated:
                // The unpacker limits how many bytes it fills with zeros, so the whole record is packed.
                Pack(((TruncatedEvent)e).WholeEvent(), to);
                break;
            case Form.Histogram:
                WriteHistogram((Histogram)e, packing, to);
                break;
            case Form.TraceLine or Form.IteratorLine when e.Sender is not null:
                _sender = _origins.Define(e.Sender, to);
                _labels.ResetWrittenCount();
                WriteLine(e, _labels);
                _payload.Number((ulong)_sender).Bytes(_labels.WrittenSpan).WriteTo(to, PackItem.HostLine);
                break;
            case Form.TraceLine or Form.IteratorLine:
                WriteLine(e, to);
                break;
            default:
                WriteBytes(e, packing, to);
                break;
        }
    }

    /// <summary>Appends the definition of a type before its first object, so that a reader knows all types early. Types that need no definition are ignored.</summary>
    /// <param name="type">A class of events, entries or histograms.</param>
    /// <param name="to">Receives whole items.</param>
    public void DefineAhead(Type type, IBufferWriter<byte> to)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(to);
        if (RecordOrigin.Of(type) is not null)
        {
            // How a type is packed depends on its class only.
            Find(type, (BpfEvent)RuntimeHelpers.GetUninitializedObject(type), to);
        }
    }

    /// <summary>Appends a loss at its position among the events.</summary>
    /// <param name="map">The map, by its name in the object file.</param>
    /// <param name="count">The number of lost events.</param>
    /// <param name="timeUtc">The time when the loss was reported.</param>
    /// <param name="to">Receives whole items.</param>
    public void PackLoss(string map, ulong count, DateTime timeUtc, IBufferWriter<byte> to)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(to);
        BeginBlock(to);
        _payload.Number((ulong)timeUtc.ToUniversalTime().Ticks).Number(Math.Min(count, MostLost)).Text(map).WriteTo(to, PackItem.Loss);
    }

    /// <summary>
    /// Starts a new block. Each block defines its names and stacks again, so the writer and the reader need not keep those of the whole file. Also rereads the offset of
    /// the wall clock, which may have been set since. The next event or loss writes the block's item first.
    /// </summary>
    public void StartBlock()
    {
        EventClock.Refresh();
        _beginsBlock = true;
    }

    private void BeginBlock(IBufferWriter<byte> to)
    {
        if (_beginsBlock)
        {
            _beginsBlock = false;
            _clock = null;
            _accounts.Clear();
            _stacks.Clear();
            _origins.Clear();
            _payload.WriteTo(to, PackItem.Block);
        }
    }

    private Packing Find(Type type, BpfEvent e, IBufferWriter<byte> to, bool isForLabels = false)
    {
        var types = isForLabels ? _labelTypes : _types;
        if (!types.TryGetValue(type, out var packing))
        {
            types[type] = packing = Define(type, e, to, isForLabels);
        }

        return packing;
    }

    private Packing Define(Type type, BpfEvent e, IBufferWriter<byte> to, bool isForLabels)
    {
        switch (e)
        {
            case TraceLine:
                return Packing.TraceLine;
            case IteratorLine:
                return Packing.IteratorLine;
            case TruncatedEvent cut:
                var whole = cut.WholeEvent();
                return new Packing(whole.BytesOfRecord().Length > EventUnpacker.MostFilled ? Form.LongTruncated : Form.Truncated, Find(whole.GetType(), whole, to));
        }

        var origin = RecordOrigin.Of(type) ?? throw new PackException(
            PackFault.NotPackable, $"An object of type {type.Name} cannot be packed, because it is not an event or entry of its own.", "Pack the event or entry that contains it.");
        // The class of a record that is longer than its type derives from the class of the type.
        if (RecordOrigin.Of(type.BaseType!) is not null)
        {
            return new Packing(Form.LongRecord, Find(type.BaseType!, e, to));
        }

        // The origin of an object that was unpacked from a shape has no object file.
        if (_withShapes || origin.File.Bytes.IsEmpty)
        {
            PackedShape.Write(_payload, origin, isForLabels);
            _payload.WriteTo(to, PackItem.Shape);
        }
        else
        {
            DefineWithTool(origin, isForLabels, to);
        }

        var form = e is MapEntry ? Form.Entry : e is Histogram ? Form.Histogram : e.OpenEndAt() >= 0 ? Form.OpenRecord : Form.Record;
        return new Packing(form, _definitions++, origin, e.OpenEndAt());
    }

    private void DefineWithTool(RecordOrigin origin, bool isForLabels, IBufferWriter<byte> to)
    {
        if (!_tools.TryGetValue(origin.File, out var tool))
        {
            _payload.Bytes(PackedTool.Encode(origin.File)).WriteTo(to, PackItem.Tool);
            _tools.Add(origin.File, tool = _tools.Count);
        }

        PackedType.Write(_payload, tool, origin, isForLabels);
        _payload.WriteTo(to, origin.PackedExtras == RecordExtras.None ? PackItem.Type : PackItem.ExtendedType);
    }

    // Appends the definitions that an object needs in addition to its type.
    private void Prepare(BpfEvent e, Packing packing, IBufferWriter<byte> to)
    {
        if (packing.NeedsHost)
        {
            var host = e.Host;
            var clock = host?.Clock ?? EventClock.Distances;
            if (clock != _clock)
            {
                _clock = clock;
                _accounts.Clear();
                _payload.Signed(clock.Monotonic).Signed(clock.BootTime).WriteTo(to, PackItem.Host);
            }

            if (packing.Accounts is { } accounts)
            {
                var entry = e as MapEntry;
                accounts.Collect(entry is null ? e.BytesOfRecord() : entry.RawKey, entry is null ? [] : entry.RawValue, _accounts, _news);
                foreach (var account in _news)
                {
                    _payload.Number(account.IsGroup ? 1u : 0u).Number(account.Id).Optional(account.NameOn(host)).WriteTo(to, PackItem.Account);
                }

                _news.Clear();
            }
        }

        _container = packing.HasContainer ? _origins.Define(e.Container, to) : 0;
        _sender = packing.HasSender ? _origins.Define(e.Sender, to) : 0;
        if (packing.Traces > 0)
        {
            var traces = e.Traces;
            // A flag, followed by the numbers of the stacks.
            Array.Resize(ref _traces, traces is null ? 1 : 1 + packing.Traces);
            _traces[0] = traces is null ? 0 : 1;
            for (var i = 1; i < _traces.Length; i++)
            {
                _traces[i] = _stacks.Define(traces![i - 1], to);
            }
        }
    }

    private void WriteBytes(BpfEvent e, Packing packing, IBufferWriter<byte> to)
    {
        var bytes = e.BytesOfRecord();
        switch (packing.Form)
        {
            case Form.OpenRecord:
                // The flexible array may start inside the padding of the fixed part.
                var open = e.BytesOfOpenEnd();
                Write(to, PackItem.Record, packing, bytes, open[Math.Min(open.Length, bytes.Length - packing.OpenAt)..]);
                break;
            case Form.LongRecord:
                Write(to, PackItem.Record, packing, bytes, e.BytesBehind());
                break;
            case Form.Entry:
                Write(to, PackItem.Entry, packing, ((MapEntry)e).RawKey, ((MapEntry)e).RawValue);
                break;
            default:
                Write(to, packing.Form == Form.Truncated ? PackItem.Truncated : PackItem.Record, packing, bytes, []);
                break;
        }
    }

    private void WriteLine(BpfEvent e, IBufferWriter<byte> to)
    {
        if (e is TraceLine line)
        {
            _payload.Number((ulong)line.Time.ToUniversalTime().Ticks).Signed(line.Cpu).Signed(line.Pid).Signed(line.Tid).Text(line.Comm).Optional(line.Program).Text(line.Text)
                .WriteTo(to, PackItem.TraceLine);
        }
        else
        {
            _payload.Text(((IteratorLine)e).Line).WriteTo(to, PackItem.IteratorLine);
        }
    }

    private void WriteHistogram(Histogram histogram, Packing packing, IBufferWriter<byte> to)
    {
        _labels.ResetWrittenCount();
        if (histogram.Source is { } source)
        {
            var labels = Find(source.GetType(), source, to, isForLabels: true);
            var (container, sender) = (_container, _sender);
            Prepare(source, labels, to);
            WriteBytes(source, labels, _labels);
            (_container, _sender) = (container, sender);
        }

        _payload.Number((ulong)packing.Type);
        if (packing.HasContainer)
        {
            _payload.Number((ulong)_container);
        }

        if (packing.HasSender)
        {
            _payload.Number((ulong)_sender);
        }

        _payload.Number(histogram.Count).Optional(histogram.Sum).Number((ulong)histogram.Buckets.Count);
        foreach (var bucket in histogram.Buckets)
        {
            _payload.Optional(bucket.From).Optional(bucket.To).Number(bucket.Count);
        }

        _payload.Bytes(_labels.WrittenSpan).WriteTo(to, PackItem.Histogram);
    }

    private void Write(IBufferWriter<byte> to, PackItem kind, Packing packing, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var traces = packing.Traces == 0 ? [] : _traces.AsSpan();
        var length = PackPayload.SizeOf((uint)packing.Type) + first.Length + second.Length;
        length += (packing.HasContainer ? PackPayload.SizeOf((uint)_container) : 0) + (packing.HasSender ? PackPayload.SizeOf((uint)_sender) : 0);
        foreach (var trace in traces)
        {
            length += PackPayload.SizeOf((uint)trace);
        }

        var span = to.GetSpan(1 + PackPayload.MostVarint + length);
        span[0] = (byte)kind;
        var at = 1 + PackPayload.WriteNumber(span[1..], (uint)length);
        at += PackPayload.WriteNumber(span[at..], (uint)packing.Type);
        at += packing.HasContainer ? PackPayload.WriteNumber(span[at..], (uint)_container) : 0;
        at += packing.HasSender ? PackPayload.WriteNumber(span[at..], (uint)_sender) : 0;
        foreach (var trace in traces)
        {
            at += PackPayload.WriteNumber(span[at..], (uint)trace);
        }

        first.CopyTo(span[at..]);
        at += first.Length;
        second.CopyTo(span[at..]);
        to.Advance(at + second.Length);
    }

    // Describes how to pack the objects of one CLR type.
    private sealed class Packing
    {
        public Packing(Form form, int type, RecordOrigin? origin, int openAt)
        {
            (Form, Type, OpenAt) = (form, type, openAt);
            var plan = origin?.Plan;
            var extras = origin?.PackedExtras ?? RecordExtras.None;
            (HasContainer, HasSender) = ((extras & RecordExtras.Container) != 0, (extras & RecordExtras.Sender) != 0);
            NeedsHost = plan?.NeedsHost == true;
            Traces = plan?.Traces ?? 0;
            Accounts = plan is null ? null : AccountFields.Of(plan);
        }

        public Packing(Form form, Packing whole) =>
            (Form, Type, NeedsHost, Traces, Accounts, HasContainer, HasSender) = (form, whole.Type, whole.NeedsHost, whole.Traces, whole.Accounts, whole.HasContainer, whole.HasSender);

        public static Packing TraceLine { get; } = new(Form.TraceLine, 0, null, -1);

        public static Packing IteratorLine { get; } = new(Form.IteratorLine, 0, null, -1);

        public Form Form { get; }

        public int Type { get; }

        public int OpenAt { get; }

        public bool HasContainer { get; }

        public bool HasSender { get; }

        public bool NeedsHost { get; }

        public int Traces { get; }

        public AccountFields? Accounts { get; }

        public bool IsPlain => Form == Form.Record && !NeedsHost && Traces == 0 && !HasContainer && !HasSender;
    }
}
