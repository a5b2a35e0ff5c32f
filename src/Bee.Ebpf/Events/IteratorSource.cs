using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.CoRe;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>Reads the output of an iterator program: the kernel runs it over its objects (tasks, files, maps), and its output is read like a file.</summary>
internal sealed unsafe class IteratorSource
{
    private const int BufferSize = 64 * 1024;

    private readonly BpfProgram _program;
    // The size of a record; 0 if it is unknown, and each read returns one record.
    private readonly int _size;

    /// <summary>Creates the source: of typed records, of untyped records if the iterator writes records of an unknown type, else of lines of text.</summary>
    /// <param name="program">The iterator.</param>
    /// <param name="writes">The calls in the object that write records.</param>
    /// <param name="options">The options of the reader.</param>
    public IteratorSource(BpfProgram program, Lazy<IReadOnlyList<RecordWrite>> writes, EventReaderOptions options)
    {
        _program = program;
        var metadata = new MapMetadata { Fields = program.Description.Metadata.Fields };
        RecordType? type = null;
        if (program.Description.Record is { } record)
        {
            // The size of a type that is only a flexible array is unknown.
            type = RecordType.ForStruct(record, program.Name, metadata, options.Extras) is { Size: > 0 } known ? known : null;
            _size = type?.Size ?? 0;
        }
        else if (RecordWrites.Of(program.Description, writes.Value) is { Count: > 0 } calls)
        {
            type = RecordType.ForBytes(program.Name);
            _size = calls.Select(call => call.Size).Distinct().ToArray() is [{ } size] ? (int)size : 0;
        }

        Stream = new RecordStream(program.Name, null, type, null) { Containers = ContainerLookup.Of(options, type?.Where) };
    }

    /// <summary>The stream.</summary>
    public RecordStream Stream { get; }

    /// <summary>Runs the iterator once, to its end.</summary>
    public void Read(IEventSink sink, ref bool stopped)
    {
        using var iterator = IteratorLinks.Open(_program);
        var buffer = new byte[BufferSize];
        var kept = 0;
        while (!stopped)
        {
            nint read;
            fixed (byte* start = buffer)
            {
                read = Libc.read(iterator, start + kept, (nuint)(buffer.Length - kept));
            }

            if (read < 0)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno is Libc.EAGAIN or Libc.EINTR)
                {
                    continue;
                }

                throw new BpfLoadException(LoadFault.Other, $"Iterator '{_program.Name}' cannot be read: {Libc.Describe(errno)}.") { Program = _program.Name, Errno = errno };
            }

            var end = read == 0;
            var length = kept + (int)read;
            var used = Stream.RecordType is { } type
                ? Records(buffer.AsSpan(0, length), type, end, sink, ref stopped)
                : Lines(buffer.AsSpan(0, length), end || length == buffer.Length, sink, ref stopped);
            if (end)
            {
                return;
            }

            kept = length - used;
            buffer.AsSpan(used, kept).CopyTo(buffer);
            if (kept == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }
    }

    private int Records(ReadOnlySpan<byte> data, RecordType type, bool end, IEventSink sink, ref bool stopped)
    {
        var used = 0;
        var size = _size > 0 ? _size : Math.Max(1, data.Length);
        for (; data.Length - used >= size && !stopped; used += size)
        {
            if (Decode(type, data.Slice(used, size), data.Slice(used, size)) is { } record)
            {
                Stream.Count++;
                stopped = !sink.Event(record);
            }
        }

        if (end && !stopped && used < data.Length)
        {
            var whole = new byte[Math.Max(type.Size, data.Length - used)];
            data[used..].CopyTo(whole);
            if (Decode(type, whole, data[used..]) is { } last)
            {
                Stream.Count++;
                stopped = !sink.Event(type.Size == 0 ? last : Stream.Truncate(last, data.Length - used, sink));
            }
        }

        return used;
    }

    // Returns null for a record that the filter of containers does not select.
    private BpfEvent? Decode(RecordType type, ReadOnlySpan<byte> whole, ReadOnlySpan<byte> record)
    {
        ContainerNames? names = null;
        if (Stream.Containers?.Selects(out names, record) == false)
        {
            Stream.Filtered++;
            return null;
        }

        var decoded = type.Decode(whole);
        decoded.Place(names);
        return decoded;
    }

    private int Lines(ReadOnlySpan<byte> data, bool end, IEventSink sink, ref bool stopped)
    {
        var used = 0;
        while (!stopped && used < data.Length)
        {
            var length = data[used..].IndexOf((byte)'\n');
            if (length < 0 && !end)
            {
                break;
            }

            var line = data.Slice(used, length < 0 ? data.Length - used : length);
            used += line.Length + (length < 0 ? 0 : 1);
            Stream.Count++;
            stopped = !sink.Event(new IteratorLine(Encoding.UTF8.GetString(line)));
        }

        return used;
    }
}

/// <summary>A line of text from an iterator program that declares no record type.</summary>
public class IteratorLine : BpfEvent
{
    /// <summary>Creates a line.</summary>
    /// <param name="line">The text without its line end.</param>
    [SuppressMessage("ApiDesign", "RS0022", Justification = "The base class has no protected members that another assembly can use.")]
    public IteratorLine(string line) => Line = line;

    /// <summary>The text without its line end.</summary>
    public string Line { get; }

    /// <summary>The text.</summary>
    public override string ToString() => Line;
}
