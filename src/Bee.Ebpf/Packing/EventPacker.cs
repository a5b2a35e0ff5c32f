using System.Buffers;
using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Packing;

/// <summary>
/// Turns events, map entries, histograms and lines into bytes that describe themselves: <see cref="EventUnpacker"/> makes the same objects of them on any machine.
/// One for each file; not safe to use from several threads.
/// </summary>
/// <remarks>
/// The bytes are items: kind (one byte), length of the payload (a LEB128 varint), payload. A definition (a tool, a type, a name) stands before the first event that needs it.
/// Tools and types hold for the whole file and everything else for a block, so the bytes of a file must be unpacked from its beginning and in order, whole blocks at a time.
/// </remarks>
public sealed class EventPacker
{
    private readonly Dictionary<Type, Packing> _types = [];
    private readonly Dictionary<ObjectFile, int> _tools = new(ReferenceEqualityComparer.Instance);
    private readonly PackPayload _payload = new();
    private int _definitions;
    private Type? _lastType;
    private Packing _last;
    private bool _beginsBlock;

    private enum Form
    {
        Record,
        Open,
        Longer,
        Truncated,
        Entry,
        TraceLine,
        IteratorLine,
    }

    /// <summary>Appends an object, and before it the definitions that it needs and this file does not have.</summary>
    /// <param name="e">An object that a session, a map or <see cref="EventUnpacker"/> gave.</param>
    /// <param name="to">Receives whole items.</param>
    /// <exception cref="PackException">The object cannot be packed, such as a struct inside of an event (<see cref="PackFault.NotPackable"/>). Nothing is appended.</exception>
    public void Pack(BpfEvent e, IBufferWriter<byte> to)
    {
        ArgumentNullException.ThrowIfNull(e);
        ArgumentNullException.ThrowIfNull(to);
        var type = e.GetType();
        if (type != _lastType || _beginsBlock)
        {
            Turn(type, e, to);
        }

        var packing = _last;
        switch (packing.Form)
        {
            case Form.Record:
                Write(to, PackItem.Record, packing.Type, e.BytesOfRecord(), []);
                break;
            case Form.Open:
                var open = e.BytesOfOpenEnd();
                var bytes = e.BytesOfRecord();
                // The open end begins in the padding of the fixed part.
                Write(to, PackItem.Record, packing.Type, bytes, open[Math.Min(open.Length, bytes.Length - packing.OpenAt)..]);
                break;
            case Form.Longer:
                Write(to, PackItem.Record, packing.Type, e.BytesOfRecord(), e.BytesBehind());
                break;
            case Form.Truncated:
                Write(to, PackItem.Truncated, packing.Type, e.BytesOfRecord(), []);
                break;
            case Form.Entry:
                var entry = (MapEntry)e;
                Write(to, PackItem.Entry, packing.Type, entry.RawKey, entry.RawValue);
                break;
            case Form.TraceLine:
                Write(to, (TraceLine)e);
                break;
            default:
                _payload.Text(((IteratorLine)e).Line).WriteTo(to, PackItem.IteratorLine);
                break;
        }
    }

    /// <summary>Appends a loss, in its place among the events.</summary>
    /// <param name="map">The map, by its name in the object file.</param>
    /// <param name="count">How many events were lost.</param>
    /// <param name="timeUtc">When the loss was reported.</param>
    /// <param name="to">Receives whole items.</param>
    public void PackLoss(string map, ulong count, DateTime timeUtc, IBufferWriter<byte> to)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(to);
        BeginBlock(to);
        _payload.Number((ulong)timeUtc.ToUniversalTime().Ticks).Number(count).Text(map).WriteTo(to, PackItem.Loss);
    }

    /// <summary>Begins a block: names and stacks are defined anew, so that neither side keeps those of the whole file. Costs nothing while no event follows.</summary>
    public void StartBlock() => _beginsBlock = true;

    private void BeginBlock(IBufferWriter<byte> to)
    {
        if (_beginsBlock)
        {
            _beginsBlock = false;
            _payload.WriteTo(to, PackItem.Block);
        }
    }

    private void Turn(Type type, BpfEvent e, IBufferWriter<byte> to)
    {
        if (!_types.TryGetValue(type, out var packing))
        {
            packing = Define(type, e, to);
            _types.Add(type, packing);
        }

        BeginBlock(to);
        _last = packing;
        _lastType = type;
    }

    private Packing Define(Type type, BpfEvent e, IBufferWriter<byte> to)
    {
        switch (e)
        {
            case TraceLine:
                return new Packing(Form.TraceLine, 0, 0);
            case IteratorLine:
                return new Packing(Form.IteratorLine, 0, 0);
            case TruncatedEvent cut:
                var whole = cut.WholeType();
                if (!_types.TryGetValue(whole, out var known))
                {
                    _types.Add(whole, known = Define(whole, cut.WholeEvent(), to));
                }

                return known with { Form = Form.Truncated };
        }

        var origin = RecordOrigin.Of(type) ?? throw new PackException(
            PackFault.NotPackable, $"An object of type {type.Name} cannot be packed: it did not come from a tool's stream or map.", "Pack the event or entry that it is a part of.");
        // A record that is longer than its type is of a class that derives from the type's.
        if (type.BaseType != typeof(BpfEvent) && type.BaseType != typeof(MapEntry) && type.BaseType != typeof(Histogram))
        {
            if (!_types.TryGetValue(type.BaseType!, out var shorter))
            {
                _types.Add(type.BaseType!, shorter = Define(type.BaseType!, e, to));
            }

            return shorter with { Form = Form.Longer };
        }

        if (!_tools.TryGetValue(origin.File, out var tool))
        {
            _payload.Bytes(PackedTool.Encode(origin.File)).WriteTo(to, PackItem.Tool);
            _tools.Add(origin.File, tool = _tools.Count);
        }

        PackedType.Write(_payload, tool, origin);
        _payload.WriteTo(to, PackItem.Type);
        return new Packing(e is MapEntry ? Form.Entry : e.OpenEndAt() >= 0 ? Form.Open : Form.Record, _definitions++, e.OpenEndAt());
    }

    private static void Write(IBufferWriter<byte> to, PackItem kind, int type, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var length = PackPayload.SizeOf((uint)type) + first.Length + second.Length;
        var span = to.GetSpan(1 + PackPayload.MostVarint + length);
        span[0] = (byte)kind;
        var at = 1 + PackPayload.WriteNumber(span[1..], (uint)length);
        at += PackPayload.WriteNumber(span[at..], (uint)type);
        first.CopyTo(span[at..]);
        at += first.Length;
        second.CopyTo(span[at..]);
        to.Advance(at + second.Length);
    }

    private void Write(IBufferWriter<byte> to, TraceLine line) => _payload
        .Number((ulong)line.Time.ToUniversalTime().Ticks).Signed(line.Cpu).Signed(line.Pid).Signed(line.Tid).Text(line.Comm).Optional(line.Program).Text(line.Text)
        .WriteTo(to, PackItem.TraceLine);

    // How the objects of one CLR type are packed.
    private readonly record struct Packing(Form Form, int Type, int OpenAt);
}
