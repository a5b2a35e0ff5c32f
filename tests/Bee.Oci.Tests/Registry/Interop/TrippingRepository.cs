using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Tests.Registry.Interop;

/// <summary>Runs an action once, after a number of bytes of its blobs were read, so that it runs in the middle of a transfer on any machine.</summary>
internal sealed class TrippingRepository(IReadOnlyRepository inner, long after, Action trip) : IReadOnlyRepository
{
    private long _left = after;

    public string Name => inner.Name;

    public bool HasTripped => Interlocked.Read(ref _left) <= 0;

    public Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default) => inner.ResolveAsync(reference, cancellationToken);

    public Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default) => inner.FetchManifestAsync(reference, cancellationToken);

    public async Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => new Counted(await inner.FetchAsync(descriptor, cancellationToken), this);

    public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => inner.ExistsAsync(descriptor, cancellationToken);

    public IAsyncEnumerable<Descriptor> ReferrersAsync(Digest digest, CancellationToken cancellationToken = default) => inner.ReferrersAsync(digest, cancellationToken);

    private void Count(int bytes)
    {
        long left = Interlocked.Add(ref _left, -bytes);
        if (left <= 0 && left + bytes > 0)
        {
            trip();
        }
    }

    private sealed class Counted(Stream inner, TrippingRepository owner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => inner.CanSeek;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await inner.ReadAsync(buffer, cancellationToken);
            owner.Count(read);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = inner.Read(buffer, offset, count);
            owner.Count(read);
            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
