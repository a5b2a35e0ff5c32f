using System.Net;

namespace Bee.Oci.Registry.Transport;

/// <summary>The content of a message, watched while it moves; its headers and its length are those of what it wraps.</summary>
internal abstract class WatchedContent : HttpContent
{
    protected WatchedContent(HttpContent inner)
    {
        Inner = inner;
        foreach ((string name, IEnumerable<string> values) in inner.Headers)
        {
            Headers.TryAddWithoutValidation(name, values);
        }
    }

    /// <summary>What is watched.</summary>
    protected HttpContent Inner { get; }

    protected abstract override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = Inner.Headers.ContentLength ?? 0;
        return Inner.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
