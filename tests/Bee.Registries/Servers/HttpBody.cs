using System.Globalization;

namespace Bee.Registries;

/// <summary>The body of a request as a stream: with a Content-Length, or chunked.</summary>
internal sealed class HttpBody : Stream
{
    private readonly Stream _input;
    private readonly bool _chunked;
    private Func<Task>? _begin;
    private long _left;

    /// <summary>Creates the stream.</summary>
    /// <param name="input">The connection, at the start of the body.</param>
    /// <param name="headers">The request's headers.</param>
    /// <param name="proceed">Sends "100 Continue" if the client waits for it.</param>
    public HttpBody(Stream input, Dictionary<string, string> headers, Func<Task> proceed)
    {
        _input = input;
        _chunked = headers.TryGetValue("Transfer-Encoding", out string? encoding) && encoding.Contains("chunked", StringComparison.OrdinalIgnoreCase);
        _left = headers.TryGetValue("Content-Length", out string? length) ? long.Parse(length, CultureInfo.InvariantCulture) : 0;
        _begin = headers.TryGetValue("Expect", out string? expect) && expect.Contains("100", StringComparison.Ordinal) ? proceed : null;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_begin is { } begin)
        {
            _begin = null;
            await begin();
        }

        if (_chunked && _left == 0)
        {
            await NextChunkAsync(cancellationToken);
        }

        if (_left <= 0)
        {
            return 0;
        }

        int read = await _input.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
        if (read == 0)
        {
            throw new CutException();
        }

        _left -= read;
        if (_chunked && _left == 0)
        {
            await HttpExchange.ReadLineAsync(_input, cancellationToken);
        }

        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    // The last chunk is empty. After it, reads return 0.
    private async Task NextChunkAsync(CancellationToken cancellationToken)
    {
        string line = await HttpExchange.ReadLineAsync(_input, cancellationToken) ?? throw new CutException();
        _left = long.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        if (_left == 0)
        {
            await HttpExchange.ReadLineAsync(_input, cancellationToken);
            _left = -1;
        }
    }
}
