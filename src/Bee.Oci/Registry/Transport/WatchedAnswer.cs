using System.Net;

namespace Bee.Oci.Registry.Transport;

/// <summary>An answer's body under the idle timeout.</summary>
internal sealed class WatchedAnswer(HttpContent inner, TimeSpan idle, Uri address) : WatchedContent(inner)
{
    /// <summary>How long the body may stand still, and how long a small one may take as a whole.</summary>
    public TimeSpan Idle => idle;

    /// <summary>Where the answer came from.</summary>
    public Uri Address => address;

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
