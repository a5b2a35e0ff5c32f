using System.Net;

namespace Bee.Oci.Registry.Transport;

/// <summary>An answer's body under the idle timeout.</summary>
internal sealed class WatchedAnswer(HttpContent inner, TimeSpan idle, Uri address) : WatchedContent(inner)
{
    protected override async Task<Stream> CreateContentReadStreamAsync() =>
        new IdleStream(await Inner.ReadAsStreamAsync().ConfigureAwait(false), idle, address);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) =>
        new IdleStream(Inner.ReadAsStream(cancellationToken), idle, address);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Stream body = await CreateContentReadStreamAsync().ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            await body.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
        }
    }
}
