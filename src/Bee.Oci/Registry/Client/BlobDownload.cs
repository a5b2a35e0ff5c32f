using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Bee.Oci.Formats;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Registry.Transport;
using Bee.Posix;

namespace Bee.Oci.Registry.Client;

/// <summary>
/// Downloads a blob of exactly the descriptor's size. The digest is verified before the last bytes are returned, so a reader that has read the whole
/// size has valid content. A broken connection is resumed with <c>Range</c>; if the registry does not support it, the blob is read again and the known
/// part skipped (OCI Distribution Specification 1.1, "Pulling blobs").
/// </summary>
internal sealed class BlobDownload : ReadOnlyStream, IDigestChecked
{
    /// <summary>The bytes that a connection must deliver to reset the backoff, so that one that delivers single bytes is given up.</summary>
    private const int WorthARetry = 64 << 10;

    private readonly Endpoint _endpoint;
    private readonly string _path;
    private readonly string _name;
    private readonly RegistryScope _scope;
    private readonly Descriptor _descriptor;
    private readonly CancellationToken _cancellationToken;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Backoff _backoff;
    private HttpResponseMessage? _response;
    private Stream? _body;
    private long _offset;
    private long _openedAt;
    private long _skip;
    private bool _failed;

    private BlobDownload(Endpoint endpoint, string path, string name, RegistryScope scope, Descriptor descriptor, CancellationToken cancellationToken) =>
        (_endpoint, _path, _name, _scope, _descriptor, _cancellationToken, _backoff) = (endpoint, path, name, scope, descriptor, cancellationToken, endpoint.Options.NewBackoff());

    /// <inheritdoc/>
    public Digest Digest => _descriptor.Digest;

    /// <inheritdoc/>
    public override long Length => _descriptor.Size;

    /// <inheritdoc/>
    public override long Position
    {
        get => _offset;
        set => throw new NotSupportedException();
    }

    /// <summary>Opens a blob.</summary>
    /// <exception cref="RegistryException">The blob does not exist, or has another size.</exception>
    public static async Task<BlobDownload> OpenAsync(
        Endpoint endpoint, string path, string name, RegistryScope scope, Descriptor descriptor, CancellationToken cancellationToken)
    {
        var blob = new BlobDownload(endpoint, path, name, scope, descriptor, cancellationToken);
        try
        {
            await blob.RequestAsync(cancellationToken).ConfigureAwait(false);
            if (descriptor.Size == 0)
            {
                blob.CheckDigest();
            }

            return blob;
        }
        catch
        {
            blob.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        long left = _descriptor.Size - _offset;
        if (_failed || left == 0 || buffer.Length == 0)
        {
            // After a wrong digest a read must not return 0, which would look like a valid end.
            return _failed ? throw OtherDigest() : 0;
        }

        using CancellationTokenSource? both = cancellationToken.CanBeCanceled && _cancellationToken.CanBeCanceled && cancellationToken != _cancellationToken
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cancellationToken)
            : null;
        CancellationToken either = both?.Token ?? (cancellationToken.CanBeCanceled ? cancellationToken : _cancellationToken);
        Memory<byte> part = left < buffer.Length ? buffer[..(int)left] : buffer;
        while (true)
        {
            if (_body is null)
            {
                await RequestAsync(either).ConfigureAwait(false);
            }

            RegistryException failure;
            try
            {
                int read = await SkipAsync(either).ConfigureAwait(false) ? await _body!.ReadAsync(part, either).ConfigureAwait(false) : 0;
                if (read > 0)
                {
                    Take(part.Span[..read]);
                    return read;
                }

                failure = new RegistryException(RegistryFault.DigestMismatch, $"The blob {_descriptor.Digest} of {_name} ended before all {Quantity.Of(_descriptor.Size, "byte")} arrived.");
            }
            catch (RegistryException e) when (e.Fault == RegistryFault.Broken)
            {
                failure = e;
            }

            await BreakAsync(failure, either).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close(dispose: true);
        }

        base.Dispose(disposing);
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _offset += bytes.Length;
        if (_offset - _openedAt >= WorthARetry)
        {
            _backoff.Reset();
        }

        if (_offset == _descriptor.Size)
        {
            CheckDigest();
        }
    }

    private void CheckDigest()
    {
        if (_descriptor.Digest != Digest.OfHash(_hash.GetHashAndReset()))
        {
            _failed = true;
            throw OtherDigest();
        }
    }

    private RegistryException OtherDigest() =>
        new(RegistryFault.DigestMismatch, $"The blob {_descriptor.Digest} of {_name} does not match its digest.")
        {
            Remedy = "The registry, or a proxy in front of it, returned damaged content. Push the image again, or ask the registry's operator.",
        };

    private async Task BreakAsync(RegistryException failure, CancellationToken cancellationToken)
    {
        Close(dispose: false);
        if (_backoff.IsOver)
        {
            throw failure;
        }

        _endpoint.Note($"{failure.Message} Resuming there.");
        await _backoff.RestAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Close(bool dispose)
    {
        _body?.Dispose();
        _response?.Dispose();
        (_body, _response) = (null, null);
        if (dispose)
        {
            _hash.Dispose();
        }
    }

    /// <summary>Requests the missing part of the blob.</summary>
    private async Task RequestAsync(CancellationToken cancellationToken)
    {
        long from = _offset;
        HttpResponseMessage response = await _endpoint.SendAsync(
            HttpMethod.Get,
            _endpoint.Address($"{_path}/blobs/{_descriptor.Digest}"),
            _scope,
            cancellationToken,
            from == 0 ? null : request => request.Headers.Range = new RangeHeaderValue(from, null)).ConfigureAwait(false);
        try
        {
            bool isRest = response.StatusCode == HttpStatusCode.PartialContent && from > 0;
            if (!isRest && response.StatusCode != HttpStatusCode.OK)
            {
                throw await _endpoint.FailureAsync(response, $"read the blob {_descriptor.Digest} of {_name}", cancellationToken).ConfigureAwait(false);
            }

            CheckLength(response, isRest, from);
            Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            (_response, _body, _openedAt, _skip) = (response, body, from, isRest ? 0 : from);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private void CheckLength(HttpResponseMessage response, bool isRest, long from)
    {
        ContentRangeHeaderValue? range = response.Content.Headers.ContentRange;
        if (isRest && range?.From != from)
        {
            throw new RegistryException(RegistryFault.BadAnswer, $"The registry answered a request for the blob {_descriptor.Digest} of {_name} from byte {from} with '{range}'.") { Status = 206 };
        }

        // If the response has a length, a wrong one is reported before a byte is read.
        long? length = isRest ? range!.Length ?? (response.Content.Headers.ContentLength + from) : response.Content.Headers.ContentLength;
        if (length is not null && length != _descriptor.Size)
        {
            throw new RegistryException(RegistryFault.DigestMismatch, $"The blob {_descriptor.Digest} of {_name} should have {Quantity.Of(_descriptor.Size, "byte")}, but the registry's has {length}.");
        }
    }

    /// <summary>Skips the part that was returned already. It is not compared: the digest covers what was returned.</summary>
    /// <returns>False if the body ends before.</returns>
    private async ValueTask<bool> SkipAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = _skip == 0 ? [] : new byte[64 << 10];
        while (_skip > 0)
        {
            int read = await _body!.ReadAsync(buffer.AsMemory(0, (int)Math.Min(_skip, buffer.Length)), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return false;
            }

            _skip -= read;
        }

        return true;
    }
}

/// <summary>Reads bodies of limited size.</summary>
internal static class ResponseBody
{
    /// <summary>Reads a body.</summary>
    /// <param name="response">The response.</param>
    /// <param name="limit">The most bytes.</param>
    /// <param name="what">The kind of document, for the message.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.TooLarge"/>, or a failure of the transport.</exception>
    public static async Task<byte[]> ReadAsync(HttpResponseMessage response, int limit, string what, CancellationToken cancellationToken) =>
        await SmallBody.ReadAsync(response.Content, limit, cancellationToken).ConfigureAwait(false) ?? throw TooLarge(what, limit);

    private static RegistryException TooLarge(string what, int limit) =>
        new(RegistryFault.TooLarge, $"The registry's {what} is larger than the limit of {limit} bytes.");
}
