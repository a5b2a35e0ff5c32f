using System.Buffers;
using System.Text;

namespace Bee.Telemetry.Exposition;

/// <summary>A growing buffer of bytes, rented from the shared pool. Not thread-safe.</summary>
internal sealed class ExpositionBuffer : IBufferWriter<byte>, IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(64 * 1024);

    /// <summary>The number of bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>The written bytes, valid until the next write.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_bytes.Length - Length), nameof(count));
        Length += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(1, sizeHint));
        return _bytes.AsMemory(Length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(1, sizeHint));
        return _bytes.AsSpan(Length);
    }

    /// <summary>Returns the array to the pool.</summary>
    public void Dispose()
    {
        var bytes = _bytes;
        _bytes = [];
        Length = 0;
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Appends bytes.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Appends a byte.</summary>
    internal void Append(byte value)
    {
        Reserve(1);
        _bytes[Length++] = value;
    }

    /// <summary>Appends text as UTF-8. A lone surrogate becomes U+FFFD.</summary>
    internal void AppendText(ReadOnlySpan<char> text)
    {
        Reserve(Encoding.UTF8.GetMaxByteCount(text.Length));
        Length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(Length));
    }

    /// <summary>Appends a copy of bytes that are already in the buffer.</summary>
    internal void AppendAgain(int start, int count)
    {
        Reserve(count);
        _bytes.AsSpan(start, count).CopyTo(_bytes.AsSpan(Length));
        Length += count;
    }

    /// <summary>Removes bytes from the end.</summary>
    internal void TrimEnd(int count) => Length -= count;

    /// <summary>Overwrites a byte.</summary>
    internal void Patch(int position, byte value) => _bytes[position] = value;

    /// <summary>Inserts bytes at <paramref name="start"/>.</summary>
    internal void Insert(int start, ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        _bytes.AsSpan(start, Length - start).CopyTo(_bytes.AsSpan(start + bytes.Length));
        bytes.CopyTo(_bytes.AsSpan(start));
        Length += bytes.Length;
    }

    private void Reserve(int count)
    {
        if (count <= _bytes.Length - Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max((long)_bytes.Length * 2, (long)Length + count)));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
