using Bee.Oci.Formats;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>Reads an open file from its beginning, without moving the file's own position and without closing it.</summary>
internal sealed class FileView(SafeFileHandle file) : ReadOnlyStream
{
    private readonly long _length = RandomAccess.GetLength(file);

    public override bool CanSeek => true;

    public override long Length => _length;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        int read = RandomAccess.Read(file, buffer, Position);
        Position += read;
        return read;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => cancellationToken.IsCancellationRequested
        ? ValueTask.FromCanceled<int>(cancellationToken)
        : new(Read(buffer.Span));
}
