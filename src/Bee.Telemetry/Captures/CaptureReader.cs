using System.Buffers.Binary;
using System.IO.Compression;
using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Telemetry.Captures;

/// <summary>
/// Reads a capture file, one block at a time, on the caller's thread. It needs neither a kernel nor privileges, and validates everything that it reads. Not thread-safe.
/// </summary>
public sealed class CaptureReader : IDisposable
{
    private const string Damage = "Use an undamaged copy. The events before this place were read.";

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly byte[] _header = new byte[ChunkHeader.Size];
    private byte[] _stored = [];
    private byte[] _content = [];
    private long _offset;
    private CaptureFile _info = null!;

    private CaptureReader(string path, SafeFileHandle file)
    {
        _path = path;
        _file = file;
        _length = RandomAccess.GetLength(file);
    }

    /// <summary>The description of the capture. The counts are set by <see cref="Events"/> or <see cref="Summarize"/>.</summary>
    public CaptureFile Info => _info;

    /// <summary>Unpacks the events, and holds the record types read so far.</summary>
    internal EventUnpacker Unpacker { get; } = new();

    /// <summary>
    /// The offset in bytes where an incomplete capture ends: its writer was killed, its disk was full, or it is still being written. Null if the capture is complete, or was not read to this place yet.
    /// </summary>
    public long? EndsEarlyAt { get; private set; }

    /// <summary>Opens a capture and reads its head.</summary>
    /// <exception cref="CaptureException">The file is not a capture, is damaged, or was written by a newer release.</exception>
    /// <exception cref="IOException">The file does not exist, or is not a regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    public static CaptureReader Open(string path)
    {
        var reader = new CaptureReader(path, RegularFile.Open(path));
        try
        {
            reader.ReadHead();
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Reads ahead through the first block and returns its types, for views. Call this before <see cref="Read"/>, which reports the errors that this method ignores.</summary>
    internal EventUnpacker FirstTypes()
    {
        long start = _offset;
        var unpacker = new EventUnpacker();
        try
        {
            if (NextHeader(out ChunkHeader header, out long at) && header.Kind == ChunkKind.Data && TryLoad(header, at, out ReadOnlyMemory<byte> content))
            {
                Unpack(unpacker, header, at, content.Span, new CountingSink(null));
            }
        }
        catch (CaptureException)
        {
            // Read meets the same error again.
        }

        _offset = start;
        EndsEarlyAt = null;
        return unpacker;
    }

    /// <summary>
    /// Reads the events in the order in which they were captured, one block at a time. Afterwards <see cref="Info"/> has the counts, and <see cref="EndsEarlyAt"/> reports a capture without an end. Call
    /// this once for each reader.
    /// </summary>
    /// <param name="cancellationToken">Cancels the reading between two blocks.</param>
    /// <returns>The events, as objects of the same types as those of the session that was captured.</returns>
    /// <exception cref="CaptureException">The file is damaged. The events of the blocks before were returned.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public IEnumerable<BpfEvent> Events(CancellationToken cancellationToken = default)
    {
        var block = new BlockSink();
        var counter = new CountingSink(block);
        while (ReadBlock(counter, cancellationToken) == BlockResult.Data)
        {
            foreach (BpfEvent item in block.Events)
            {
                yield return item;
            }

            block.Events.Clear();
        }
    }

    /// <summary>Reads all events and losses into a sink.</summary>
    /// <param name="sink">Receives the events and losses.</param>
    /// <param name="cancellationToken">Cancels the reading between two blocks.</param>
    /// <returns>False if the sink ended the reading.</returns>
    /// <exception cref="CaptureException">The file is damaged (<see cref="CaptureFault.Damaged"/>). The sink has received the events of the blocks before.</exception>
    internal bool Read(IEventSink sink, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sink);
        var counter = new CountingSink(sink);
        BlockResult result;
        do
        {
            result = ReadBlock(counter, cancellationToken);
        }
        while (result == BlockResult.Data);
        return result == BlockResult.End;
    }

    private BlockResult ReadBlock(CountingSink counter, CancellationToken cancellationToken)
    {
        if (!NextHeader(out ChunkHeader header, out long at))
        {
            return BlockResult.End;
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (!TryLoad(header, at, out ReadOnlyMemory<byte> content))
        {
            return BlockResult.End;
        }

        if (header.Kind == ChunkKind.Done)
        {
            End(content, at, counter.Total);
            return BlockResult.End;
        }

        return Unpack(Unpacker, header, at, content.Span, counter) ? BlockResult.Data : BlockResult.Stopped;
    }

    /// <summary>Adds up the headers of all blocks, without reading or checking their content. Call this instead of <see cref="Events"/>.</summary>
    /// <returns>The description with the counts, as <see cref="Info"/> has them afterwards.</returns>
    /// <exception cref="CaptureException">The file is damaged (<c>Capture.Damaged</c>).</exception>
    public CaptureFile Summarize()
    {
        long events = 0;
        ulong lost = 0;
        while (NextHeader(out ChunkHeader header, out long at))
        {
            if (_length - _offset < header.Stored)
            {
                EndsEarlyAt = at;
                break;
            }

            if (header.Kind == ChunkKind.Done)
            {
                if (TryLoad(header, at, out ReadOnlyMemory<byte> content))
                {
                    End(content, at, events);
                }

                break;
            }

            _offset += header.Stored;
            events += header.Events;
            lost += header.Lost;
            _info = _info with { Ended = Moment(header.Last, at) };
        }

        return _info = _info with { Events = events, Lost = EndsEarlyAt is null ? _info.Lost : lost == 0 ? null : lost, Bytes = _length };
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void ReadHead()
    {
        Span<byte> preamble = stackalloc byte[CaptureFormat.PreambleSize];
        int read = ReadAt(0, preamble);
        if (read < preamble.Length || !preamble.StartsWith(CaptureFormat.Magic))
        {
            throw new CaptureException(CaptureFault.NotACapture, $"'{_path}' is not a capture: it does not begin with the magic bytes of one.", $"Give the path of a capture, whose name usually ends in {CaptureFormat.Extension}.") { Offset = 0 };
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(preamble[8..]);
        if (version != CaptureFormat.Version)
        {
            throw version is > CaptureFormat.Version and < 1000
                ? new CaptureException(CaptureFault.NewerVersion, $"The capture '{_path}' has version {version} of the format, and this release of Bee reads version {CaptureFormat.Version}.", "Read it with a newer release of Bee.") { Offset = 8 }
                : Damaged(8, $"version {version} of the format does not exist");
        }

        if (preamble[12..].ContainsAnyExcept((byte)0))
        {
            throw Damaged(12, "the four bytes after the version are not zero");
        }

        _offset = preamble.Length;
        if (!NextHeader(out ChunkHeader header, out long at) || header.Kind != ChunkKind.Head || !TryLoad(header, at, out ReadOnlyMemory<byte> content))
        {
            throw Damaged(CaptureFormat.PreambleSize, "its head is incomplete or missing");
        }

        try
        {
            _info = CaptureDocuments.ReadHead(_path, content) with { Bytes = _length };
        }
        catch (FormatException e)
        {
            throw Damaged(at, "its head cannot be read", e);
        }
    }

    // Returns false if the file ends without a DONE chunk.
    private bool NextHeader(out ChunkHeader header, out long at)
    {
        at = _offset;
        header = default;
        int read = ReadAt(at, _header);
        if (read < _header.Length)
        {
            EndsEarlyAt = at;
            return false;
        }

        header = ChunkHeader.Read(_header);
        bool isFirst = at == CaptureFormat.PreambleSize;
        if (header.Kind is not (ChunkKind.Head or ChunkKind.Data or ChunkKind.Done) || header.Kind == ChunkKind.Head != isFirst)
        {
            throw Damaged(at, "no block begins here");
        }

        int most = header.Kind == ChunkKind.Data ? CaptureFormat.LargestChunk : CaptureFormat.LargestDocument;
        if (header.Stored > most || header.Length > most)
        {
            throw Damaged(at, $"the header of a block claims {Math.Max(header.Stored, header.Length)} bytes, more than the limit of {most}");
        }

        _offset = at + ChunkHeader.Size;
        return true;
    }

    // Returns false if the file ends within the chunk.
    private bool TryLoad(in ChunkHeader header, long at, out ReadOnlyMemory<byte> content)
    {
        content = default;
        // Checked before the memory that the header claims is allocated.
        if (_length - _offset < header.Stored)
        {
            EndsEarlyAt = at;
            return false;
        }

        Memory<byte> stored = Room(ref _stored, (int)header.Stored);
        if (ReadAt(_offset, stored.Span) < stored.Length)
        {
            EndsEarlyAt = at;
            return false;
        }

        _offset += stored.Length;
        if (!ChunkHeader.IsIntact(_header, stored.Span))
        {
            throw Damaged(at, "the checksum of a block is wrong");
        }

        switch (header.Encoding)
        {
            case ChunkEncoding.Plain when header.Stored == header.Length:
                content = stored;
                return true;
            case ChunkEncoding.Deflate:
                content = Inflate(stored, (int)header.Length, at);
                return true;
            default:
                throw Damaged(at, $"a block has an unknown encoding ({(uint)header.Encoding}, {header.Stored} of {header.Length} bytes)");
        }
    }

    private ReadOnlyMemory<byte> Inflate(ReadOnlyMemory<byte> stored, int length, long at)
    {
        // Deflate compresses 1032 bytes into one at best.
        if (length > 1032L * Math.Max(1, stored.Length))
        {
            throw Damaged(at, $"a block of {stored.Length} bytes claims to unpack to {length}");
        }

        Memory<byte> content = Room(ref _content, length);
        try
        {
            using var inflate = new DeflateStream(new MemoryStream(_stored, 0, stored.Length, writable: false), CompressionMode.Decompress);
            if (inflate.ReadAtLeast(content.Span, length, throwOnEndOfStream: false) < length || inflate.ReadByte() >= 0)
            {
                throw Damaged(at, "the length of a block differs from its header");
            }
        }
        catch (InvalidDataException e)
        {
            throw Damaged(at, "a block cannot be decompressed", e);
        }

        return content;
    }

    private bool Unpack(EventUnpacker unpacker, in ChunkHeader header, long at, ReadOnlySpan<byte> items, CountingSink counter)
    {
        counter.Begin();
        try
        {
            if (!unpacker.Read(ref items, counter))
            {
                return false;
            }
        }
        catch (PackException e)
        {
            throw e.Fault == PackFault.UnknownItem
                ? new CaptureException(CaptureFault.NewerVersion, $"The capture '{_path}' cannot be read further, at byte {at}: {e.Message}", "Read it with a newer release of Bee.", e) { Offset = at }
                : Damaged(at, e.Message.TrimEnd('.'), e);
        }

        if (counter.Events != header.Events || counter.Lost != header.Lost)
        {
            throw Damaged(at, $"a block has {counter.Events} events and {counter.Lost} lost ones, but its header claims {header.Events} and {header.Lost}");
        }

        return true;
    }

    private void End(ReadOnlyMemory<byte> content, long at, long events)
    {
        IReadOnlyList<CaptureStream> streams;
        long sum = 0;
        ulong? lost = null;
        try
        {
            streams = CaptureDocuments.ReadDone(content);
            foreach (CaptureStream stream in streams)
            {
                sum = checked(sum + stream.Events);
                lost = stream.Lost is { } count ? checked((lost ?? 0) + count) : lost;
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw Damaged(at, "its end cannot be read", e);
        }

        if (sum != events)
        {
            throw Damaged(at, $"it has {events} events, but its end claims {sum}");
        }

        if (_offset != _length)
        {
            throw Damaged(_offset, $"{_length - _offset} bytes follow its end");
        }

        _info = _info with { IsComplete = true, Streams = streams, Events = events, Lost = lost };
    }

    private int ReadAt(long offset, Span<byte> into)
    {
        int filled = 0;
        while (filled < into.Length && RandomAccess.Read(_file, into[filled..], offset + filled) is > 0 and var read)
        {
            filled += read;
        }

        return filled;
    }

    private DateTime Moment(long ticks, long at) => ticks >= 0 && ticks <= DateTime.MaxValue.Ticks ? new DateTime(ticks, DateTimeKind.Utc).ToLocalTime() : throw Damaged(at, "the time of a block is out of range");

    private CaptureException Damaged(long offset, string what, Exception? inner = null) =>
        new(CaptureFault.Damaged, $"The capture '{_path}' is damaged at byte {offset}: {what}.", Damage, inner) { Offset = offset };

    private static Memory<byte> Room(ref byte[] bytes, int length)
    {
        if (bytes.Length < length)
        {
            bytes = new byte[length];
        }

        return bytes.AsMemory(0, length);
    }

    private enum BlockResult
    {
        Data,
        End,
        Stopped,
    }

    /// <summary>Collects the events of a block.</summary>
    private sealed class BlockSink : IEventSink
    {
        public List<BpfEvent> Events { get; } = [];

        bool IEventSink.Event(BpfEvent e)
        {
            Events.Add(e);
            return true;
        }

        void IEventSink.Notice(string map, string text)
        {
        }

        void IEventSink.Lost(string map, ulong count)
        {
        }
    }

    // Counts the events of a block, to compare them with its header.
    private sealed class CountingSink(IEventSink? sink) : IEventSink
    {
        public long Total { get; private set; }

        public uint Events { get; private set; }

        public ulong Lost { get; private set; }

        public void Begin() => (Events, Lost) = (0, 0);

        bool IEventSink.Event(BpfEvent e)
        {
            Events++;
            Total++;
            return sink?.Event(e) ?? true;
        }

        void IEventSink.Notice(string map, string text) => sink?.Notice(map, text);

        void IEventSink.Lost(string map, ulong count)
        {
            Lost = unchecked(Lost + count);
            sink?.Lost(map, count);
        }
    }
}
