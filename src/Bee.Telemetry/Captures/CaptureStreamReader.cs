using System.Buffers.Binary;
using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;

namespace Bee.Telemetry.Captures;

/// <summary>Receives what a <see cref="CaptureStreamReader"/> reads, on its thread.</summary>
internal interface ICaptureStreamSink : IEventSink
{
    /// <summary>A block of events begins.</summary>
    /// <param name="first">The time of its first item, in UTC ticks of the writer's clock.</param>
    /// <param name="last">The time when it was closed, in the same unit.</param>
    /// <param name="bytes">Its length in bytes.</param>
    void BeginBlock(long first, long last, int bytes);

    /// <summary>A block of events has ended.</summary>
    void EndBlock();

    /// <summary>A heartbeat.</summary>
    void Beat(Heartbeat beat);

    /// <summary>A message.</summary>
    void Message(StreamMessage message);
}

/// <summary>
/// Reads what a <see cref="CaptureStreamWriter"/> writes, on the caller's thread, which waits for the bytes. Validates everything: the writer may be hostile. Not thread-safe.
/// </summary>
/// <param name="name">The name of the stream, for messages.</param>
/// <param name="input">The bytes.</param>
/// <param name="sender">The host that the events come from, which they name; null for none.</param>
internal sealed class CaptureStreamReader(string name, Stream input, RecordSender? sender = null)
{
    private readonly byte[] _header = new byte[ChunkHeader.Size];
    private byte[] _content = [];
    private long _offset;

    /// <summary>Unpacks the events, and holds the record types read so far.</summary>
    public EventUnpacker Unpacker { get; } = new() { Sender = sender };

    /// <summary>The description of the writer; null before <see cref="ReadHead"/>.</summary>
    public CaptureFile? Info { get; private set; }

    /// <summary>Whether the writer completed the stream.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Skips the text in front of the magic, and reads the head.</summary>
    /// <returns>False if the stream ended before.</returns>
    /// <exception cref="CaptureException">The stream is not a capture, is damaged, or a newer release writes it.</exception>
    public bool ReadHead()
    {
        if (!SkipToMagic())
        {
            return false;
        }

        Span<byte> rest = stackalloc byte[CaptureFormat.PreambleSize - CaptureFormat.Magic.Length];
        if (!TryFill(rest))
        {
            return false;
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(rest);
        if (version != CaptureFormat.Version)
        {
            throw new CaptureException(CaptureFault.NewerVersion, $"{name} sends version {version} of the format, and this release of Bee reads version {CaptureFormat.Version}.", "Use the same release of Bee on both sides.");
        }

        if (!NextChunk(out ChunkHeader header, out ReadOnlyMemory<byte> content))
        {
            return false;
        }

        try
        {
            Info = header.Kind == ChunkKind.Head ? CaptureDocuments.ReadHead(name, content) : throw Damaged("its head is missing");
        }
        catch (FormatException e)
        {
            throw Damaged("its head cannot be read", e);
        }

        return true;
    }

    /// <summary>Reads one chunk into the sink, after <see cref="ReadHead"/>.</summary>
    /// <returns>False if the stream has ended, or the sink ended it. <see cref="IsComplete"/> says whether the writer ended it.</returns>
    /// <exception cref="CaptureException">The stream is damaged.</exception>
    public bool Read(ICaptureStreamSink sink)
    {
        if (!NextChunk(out ChunkHeader header, out ReadOnlyMemory<byte> content))
        {
            return false;
        }

        switch (header.Kind)
        {
            case ChunkKind.Data:
                return ReadData(header, content.Span, sink);
            case ChunkKind.Beat when content.Length >= Heartbeat.Size:
                sink.Beat(Heartbeat.Read(content.Span));
                return true;
            case ChunkKind.Text:
                sink.Message(Message(content));
                return true;
            case ChunkKind.Done:
                IsComplete = true;
                return false;
            default:
                throw Damaged("a block is out of place");
        }
    }

    private bool ReadData(in ChunkHeader header, ReadOnlySpan<byte> items, ICaptureStreamSink sink)
    {
        if (header.First < 0 || header.Last < header.First || header.Last > DateTime.MaxValue.Ticks)
        {
            // The writer's clock was set back within the block.
            long time = Math.Clamp(header.Last, 0, DateTime.MaxValue.Ticks);
            sink.BeginBlock(time, time, items.Length);
        }
        else
        {
            sink.BeginBlock(header.First, header.Last, items.Length);
        }

        try
        {
            return Unpacker.Read(ref items, sink);
        }
        catch (PackException e)
        {
            throw e.Fault == PackFault.UnknownItem
                ? new CaptureException(CaptureFault.NewerVersion, $"The events of {name} cannot be read: {e.Message}", "Use the same release of Bee on both sides.", e)
                : Damaged(e.Message.TrimEnd('.'), e);
        }
        finally
        {
            sink.EndBlock();
        }
    }

    private StreamMessage Message(ReadOnlyMemory<byte> content)
    {
        try
        {
            return StreamMessage.Decode(content);
        }
        catch (FormatException e)
        {
            throw Damaged("a message cannot be read", e);
        }
    }

    private bool SkipToMagic()
    {
        ReadOnlySpan<byte> magic = CaptureFormat.Magic;
        int matched = 0;
        // Byte by byte, so that nothing after the magic is consumed. The first byte of the magic occurs in it only once.
        Span<byte> one = stackalloc byte[1];
        while (matched < magic.Length)
        {
            if (_offset > CaptureStreamFormat.LargestGreeting)
            {
                throw new CaptureException(CaptureFault.NotACapture, $"{name} sends {_offset} bytes that are not a capture.", "Remove commands that print from the shell's startup files on that host.");
            }

            if (!TryFill(one))
            {
                return false;
            }

            matched = one[0] == magic[matched] ? matched + 1 : one[0] == magic[0] ? 1 : 0;
        }

        return true;
    }

    private bool NextChunk(out ChunkHeader header, out ReadOnlyMemory<byte> content)
    {
        header = default;
        content = default;
        if (!TryFill(_header))
        {
            return false;
        }

        header = ChunkHeader.Read(_header);
        if (header.Kind is not (ChunkKind.Head or ChunkKind.Data or ChunkKind.Beat or ChunkKind.Text or ChunkKind.Done) || header.Encoding != ChunkEncoding.Plain || header.Stored != header.Length)
        {
            throw Damaged("no block begins here");
        }

        int most = header.Kind == ChunkKind.Data ? CaptureStreamFormat.LargestChunk : CaptureFormat.LargestDocument;
        if (header.Stored > most)
        {
            throw Damaged($"a block claims {header.Stored} bytes, more than the limit of {most}");
        }

        if (_content.Length < header.Stored)
        {
            _content = new byte[header.Stored];
        }

        Memory<byte> stored = _content.AsMemory(0, (int)header.Stored);
        if (!TryFill(stored.Span))
        {
            return false;
        }

        if (!ChunkHeader.IsIntact(_header, stored.Span))
        {
            throw Damaged("the checksum of a block is wrong");
        }

        content = stored;
        return true;
    }

    // False if the stream ends first.
    private bool TryFill(Span<byte> into)
    {
        int read = input.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
        _offset += read;
        return read == into.Length;
    }

    private CaptureException Damaged(string what, Exception? inner = null) =>
        new(CaptureFault.Damaged, $"The stream from {name} is damaged at byte {_offset}: {what}.", "Check that nothing on that host writes to the output of the connection.", inner) { Offset = _offset };
}
