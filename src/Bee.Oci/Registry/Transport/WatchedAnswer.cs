using System.Net;

namespace Bee.Oci.Registry.Transport;

/// <summary>An answer's body under the idle timeout.</summary>
internal sealed class WatchedAnswer : HttpContent
{
    private readonly HttpContent _inner;
    private readonly TimeSpan _idle;
    private readonly Uri _address;

    public WatchedAnswer(HttpContent inner, TimeSpan idle, Uri address)
    {
        (_inner, _idle, _address) = (inner, idle, address);
        foreach ((string name, IEnumerable<string> values) in inner.Headers)
        {
            Headers.TryAddWithoutValidation(name, values);
        }
    }

    protected override async Task<Stream> CreateContentReadStreamAsync() =>
        new IdleStream(await _inner.ReadAsStreamAsync().ConfigureAwait(false), _idle, _address);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) =>
        new IdleStream(_inner.ReadAsStream(cancellationToken), _idle, _address);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Stream body = await CreateContentReadStreamAsync().ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            await body.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
