using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Packing;

/// <summary>
/// Makes objects of what <see cref="EventPacker"/> wrote: of the same types and with the same values, without the kernel, libbpf or rights. One for each file; not safe to use from several threads.
/// </summary>
public sealed class EventUnpacker
{
    // Emitted types are never unloaded, so their number must not depend on a file alone.
    private const int MostTools = 256, MostTypes = 4096;
    // A truncated record becomes as long as its type.
    private const int MostFilled = 256 * 1024;

    private readonly List<ObjectFile> _tools = [];
    private readonly List<PackedType> _types = [];
    private readonly List<IRecordShape> _shapes = [];

    /// <summary>When the loss was reported that the sink got last.</summary>
    public DateTime LossTime { get; private set; }

    /// <summary>The types of events and entries that were read so far, in the order of their definitions: for views, which are made before the first object is shown.</summary>
    public IReadOnlyList<IRecordShape> Shapes => _shapes;

    /// <summary>Reads items until the sink wants no more.</summary>
    /// <param name="items">Whole items, as they were packed; afterwards what has not been read.</param>
    /// <param name="sink">Receives the objects and the losses.</param>
    /// <returns>False when the sink wanted no more: one of its calls returned false.</returns>
    /// <exception cref="PackException">The bytes are damaged, or hold items that this version does not know. What was read before has been given to the sink.</exception>
    public bool Read(ref ReadOnlySpan<byte> items, IEventSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        while (!items.IsEmpty)
        {
            var reader = new PackReader(items);
            var kind = (PackItem)reader.Byte();
            var payload = new PackReader(reader.Bytes(reader.Number(int.MaxValue)));
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
            case PackItem.Record:
                return sink.Event(Record(ref payload));
            case PackItem.Truncated:
                return sink.Event(Truncated(ref payload));
            case PackItem.Entry:
                return sink.Event(Entry(ref payload));
            case PackItem.TraceLine:
                return sink.Event(TraceLine(ref payload));
            case PackItem.IteratorLine:
                var line = payload.Text();
                payload.End();
                return sink.Event(new IteratorLine(line));
            case PackItem.Loss:
                LossTime = Moment(ref payload);
                var count = payload.Number();
                var map = payload.Text();
                payload.End();
                sink.Lost(map, count);
                return true;
            case PackItem.Tool:
                Limit(_tools.Count, MostTools);
                _tools.Add(PackedTool.Decode(payload.Rest()));
                return true;
            case PackItem.Type:
                Limit(_types.Count, MostTypes);
                var type = PackedType.Read(ref payload, _tools);
                _types.Add(type);
                if (((IRecordShape?)type.Record ?? type.Entry) is { } shape)
                {
                    _shapes.Add(shape);
                }

                return true;
            case PackItem.Block:
                payload.End();
                return true;
            default:
                throw new PackException(PackFault.UnknownItem, $"Packed events hold an item of kind {(byte)kind}, which this version does not know.", "Use a later version of Bee.");
        }
    }

    private PackedType Type(ref PackReader payload) => payload.Number(int.MaxValue) is var index && index < _types.Count ? _types[index] : throw PackException.Damaged("an event is of a type that is not defined");

    private RecordType RecordType(ref PackReader payload) => Type(ref payload).Record ?? throw PackException.Damaged("an event is of a type that is not one of events");

    private BpfEvent Record(ref PackReader payload)
    {
        var type = RecordType(ref payload);
        var bytes = payload.Rest();
        if (bytes.Length < type.Size)
        {
            throw PackException.Damaged("a record is shorter than its type");
        }

        var record = type.Decode(bytes);
        return bytes.Length == type.Size || type.IsOpen ? record : type.Extend(record, bytes[type.Size..]);
    }

    private BpfEvent Truncated(ref PackReader payload)
    {
        var type = RecordType(ref payload);
        var bytes = payload.Rest();
        if (bytes.Length >= type.Size || type.Size > MostFilled)
        {
            throw PackException.Damaged("a truncated record is as long as its type, or too long");
        }

        var whole = new byte[type.Size];
        bytes.CopyTo(whole);
        return type.Truncate(type.Decode(whole), bytes.Length);
    }

    private MapEntry Entry(ref PackReader payload)
    {
        var packed = Type(ref payload);
        var type = packed.Entry ?? throw PackException.Damaged("an entry is of a type that is not one of entries");
        var key = payload.Bytes((int)packed.Origin.Map!.KeySize);
        var value = payload.Rest();
        try
        {
            return type.Decode(key, value);
        }
        catch (ShortRecordException e)
        {
            throw PackException.Damaged("an entry is shorter than its type", e);
        }
    }

    private static TraceLine TraceLine(ref PackReader payload)
    {
        var time = Moment(ref payload).ToLocalTime();
        var (cpu, pid, tid) = ((int)payload.Signed(), (int)payload.Signed(), (int)payload.Signed());
        var line = new TraceLine(time, cpu, pid, tid, payload.Text(), payload.OptionalText()!, payload.Text());
        payload.End();
        return line;
    }

    private static DateTime Moment(ref PackReader payload) =>
        payload.Number() is var ticks && ticks <= (ulong)DateTime.MaxValue.Ticks ? new DateTime((long)ticks, DateTimeKind.Utc) : throw PackException.Damaged("a moment is out of range");

    private static void Limit(int count, int most)
    {
        if (count >= most)
        {
            throw PackException.Damaged($"more than {most} tools or types are defined");
        }
    }
}
