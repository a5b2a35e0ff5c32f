using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Bee.Oci.Formats;
using Bee.Oci.Registry.Authentication;

namespace Bee.Oci.Registry.Client;

/// <summary>
/// Uploads a blob (OCI Distribution Specification 1.1, "Pushing blobs"): POST and PUT for a small one, POST, PATCHes and PUT for a large one. A failed
/// request is not simply repeated: the client first checks whether the registry has the blob, then asks for the position of the upload, and starts over
/// only if the registry does not know the upload.
/// </summary>
internal sealed class BlobUpload(Endpoint endpoint, string path, string name, RegistryScope scope, Descriptor descriptor, Func<Stream> open, IProgress<long>? progress)
{
    private readonly string _doing = $"push the blob {descriptor.Digest} to {name}";
    private Uri? _location;
    private long _offset;
    private long _chunk = endpoint.Options.ChunkLength;
    private bool _chunked = descriptor.Size > endpoint.Options.ChunkLength;

    // True after the position that the registry reported was used. If that position was wrong, the digest will be wrong too.
    private bool _resumed;

    /// <summary>Uploads the blob.</summary>
    /// <param name="location">An upload that the registry has begun already, after a failed mount; null for none.</param>
    /// <param name="exists">Checks whether the registry has the blob.</param>
    /// <param name="cancellationToken">Cancels the upload.</param>
    public async Task RunAsync(Uri? location, Func<CancellationToken, Task<bool>> exists, CancellationToken cancellationToken)
    {
        _location = location;
        try
        {
            await SendAsync(exists, cancellationToken).ConfigureAwait(false);
            progress?.Report(descriptor.Size);
        }
        catch
        {
            await AbandonAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task SendAsync(Func<CancellationToken, Task<bool>> exists, CancellationToken cancellationToken)
    {
        long furthest = 0;
        var backoff = endpoint.Options.NewBackoff();
        while (true)
        {
            if (_location is null)
            {
                await BeginAsync(cancellationToken).ConfigureAwait(false);
            }

            try
            {
                await (_chunked ? SendChunksAsync(cancellationToken) : SendWholeAsync(cancellationToken)).ConfigureAwait(false);
                return;
            }
            catch (RegistryException e) when (_chunked && _offset == 0 && IsNoChunks(e))
            {
                endpoint.Note($"{endpoint.Host} does not accept uploads in chunks ({e.Message}). Uploading the blob in one request.");
                await AbandonAsync().ConfigureAwait(false);
                _chunked = false;
            }
            catch (RegistryException e) when (MayGoOn(e) && !backoff.IsOver)
            {
                endpoint.Note($"{e.Message} Trying to resume the upload.");
                await backoff.RestAsync(cancellationToken).ConfigureAwait(false);

                // Only the response may have been lost.
                if (await exists(cancellationToken).ConfigureAwait(false))
                {
                    return;
                }

                await ResumeAsync(e, cancellationToken).ConfigureAwait(false);
                if (_location is not null && _offset > furthest)
                {
                    furthest = _offset;
                    backoff.Reset();
                }
            }
        }
    }

    private static bool IsNoChunks(RegistryException e) => e.Fault == RegistryFault.Unsupported || e.Status is 411 or 415;

    /// <summary>True for a broken connection, an internal error of the registry, or an upload that the registry has forgotten or has in another state.</summary>
    private bool MayGoOn(RegistryException e) =>
        e.Fault is RegistryFault.Broken or RegistryFault.Unreachable or RegistryFault.ServerError
        || e.Status is 404 or 408 or 416 or 504
        || e.Code is "BLOB_UPLOAD_INVALID" or "BLOB_UPLOAD_UNKNOWN" or "RANGE_INVALID"
        || (_resumed && e.Code is "DIGEST_INVALID" or "SIZE_INVALID");

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await endpoint.SendAsync(
            HttpMethod.Post, endpoint.Address($"{path}/blobs/uploads/"), scope, cancellationToken, request => request.Content = new ByteArrayContent([])).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.Accepted)
        {
            throw await endpoint.FailureAsync(response, _doing, cancellationToken).ConfigureAwait(false);
        }

        _location = AnswerAddress.Location(response, endpoint.Transport.Base);
        if (response.Headers.NonValidated.TryGetValues("OCI-Chunk-Min-Length", out var values)
            && long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long least))
        {
            _chunk = Math.Max(_chunk, least);
            _chunked &= _chunk < descriptor.Size;
        }

        _offset = 0;
    }

    private async Task SendWholeAsync(CancellationToken cancellationToken)
    {
        await FinishAsync(() => new UploadBody(open, 0, descriptor.Size, progress), cancellationToken).ConfigureAwait(false);
    }

    private async Task SendChunksAsync(CancellationToken cancellationToken)
    {
        while (_offset < descriptor.Size)
        {
            await SendChunkAsync(Math.Min(_chunk, descriptor.Size - _offset), cancellationToken).ConfigureAwait(false);
        }

        await FinishAsync(null, cancellationToken).ConfigureAwait(false);
    }

    private async Task SendChunkAsync(long length, CancellationToken cancellationToken)
    {
        long from = _offset;
        string range = string.Create(CultureInfo.InvariantCulture, $"{_offset}-{_offset + length - 1}");
        using HttpResponseMessage response = await SendAsync(HttpMethod.Patch, _location!, () => new UploadBody(open, from, length, progress), range, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw await endpoint.FailureAsync(response, _doing, cancellationToken).ConfigureAwait(false);
        }

        _location = AnswerAddress.TryLocation(response, endpoint.Transport.Base) ?? _location;
        long next = UploadRange.Next(response) ?? _offset + length;
        if (next <= _offset || next > _offset + length)
        {
            throw new RegistryException(RegistryFault.BadAnswer, $"Cannot {_doing}: after the bytes {range}, the registry reports that it has {next}.") { Status = (int)response.StatusCode };
        }

        _offset = next;
    }

    /// <summary>Completes the upload with the digest, and with the content if it was not sent in chunks.</summary>
    private async Task FinishAsync(Func<HttpContent>? body, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(
            HttpMethod.Put, AnswerAddress.WithDigest(_location!, descriptor.Digest), body, null, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw await endpoint.FailureAsync(response, _doing, cancellationToken).ConfigureAwait(false);
        }

        if (response.Headers.NonValidated.TryGetValues("Docker-Content-Digest", out var values)
            && Digest.TryParse(values.ToString(), out Digest digest) && digest != descriptor.Digest)
        {
            throw new RegistryException(RegistryFault.DigestMismatch, $"Cannot {_doing}: the registry has stored it as {digest}.");
        }
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, Func<HttpContent>? body, string? range, CancellationToken cancellationToken) =>
        endpoint.Transport.SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(method, address) { Content = body?.Invoke() ?? new ByteArrayContent([]) };
                if (range is not null)
                {
                    // Without the unit, unlike in HTTP: the specification requires this form.
                    request.Content.Headers.TryAddWithoutValidation("Content-Range", range);
                }

                return request;
            },
            scope,
            cancellationToken,
            repeat: false);

    /// <summary>Asks for the position of the upload. If the registry does not know it, the next attempt starts over.</summary>
    private async Task ResumeAsync(RegistryException failure, CancellationToken cancellationToken)
    {
        // The reported position was wrong before. A range of 0-0 is ambiguous: no byte, or one.
        bool isWrong = _resumed && (failure.Status == 416 || failure.Code is "DIGEST_INVALID" or "SIZE_INVALID" or "RANGE_INVALID");
        _resumed = _chunked && !isWrong && await AskAsync(_location!, cancellationToken).ConfigureAwait(false);
        if (!_resumed)
        {
            await AbandonAsync().ConfigureAwait(false);
        }
    }

    // Version 2 of the distribution project's registry returns 404 after a chunk that was cut off.
    private async Task<bool> AskAsync(Uri location, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await endpoint.SendAsync(HttpMethod.Get, location, scope, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode || UploadRange.Next(response) is not { } next || next > descriptor.Size)
        {
            return false;
        }

        (_location, _offset) = (AnswerAddress.TryLocation(response, endpoint.Transport.Base) ?? location, next);
        progress?.Report(next);
        endpoint.Note($"{endpoint.Host} has {next} of {descriptor.Size} bytes of the blob {descriptor.Digest}. Resuming there.");
        return true;
    }

    /// <summary>Cancels the upload at the registry.</summary>
    private async Task AbandonAsync()
    {
        if (_location is { } location)
        {
            _location = null;
            await Uploads.CancelAsync(endpoint, location, scope).ConfigureAwait(false);
        }
    }
}

/// <summary>Checks, pushes and mounts the blobs of one repository.</summary>
internal sealed class Uploads(Endpoint endpoint, string path, string name, RepositoryRights rights)
{
    /// <summary>Uploads that the registry began instead of mounting; the following push uses them.</summary>
    private readonly ConcurrentDictionary<Digest, Uri> _begun = new();

    /// <summary>Checks whether a blob exists.</summary>
    public async Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await endpoint.SendAsync(
            HttpMethod.Head, endpoint.Address($"{path}/blobs/{References.Check(descriptor.Digest.ToString())}"), rights.Read, cancellationToken).ConfigureAwait(false);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => response.Content.Headers.ContentLength is not > 0 || response.Content.Headers.ContentLength == descriptor.Size,
            HttpStatusCode.NotFound => false,
            _ => throw await endpoint.FailureAsync(response, $"look for the blob {descriptor.Digest} in {name}", cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Pushes a blob.</summary>
    public Task PushAsync(Descriptor descriptor, Func<Stream> open, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        References.Check(descriptor.Digest.ToString());
        _begun.TryRemove(descriptor.Digest, out Uri? begun);
        var upload = new BlobUpload(endpoint, path, name, rights.Write(), descriptor, open, progress);
        return upload.RunAsync(begun, cancellationToken => ExistsAsync(descriptor, cancellationToken), cancellationToken);
    }

    /// <summary>Mounts a blob of another repository (OCI Distribution Specification 1.1, "Mounting a blob from another repository").</summary>
    /// <returns>False if the registry does not mount it, for any reason; the caller pushes the blob then.</returns>
    public async Task<bool> MountAsync(Descriptor descriptor, string from, CancellationToken cancellationToken)
    {
        string digest = Uri.EscapeDataString(References.Check(descriptor.Digest.ToString()));
        Uri address = endpoint.Address($"{path}/blobs/uploads/?mount={digest}&from={Uri.EscapeDataString(from)}");
        HttpResponseMessage response;
        try
        {
            response = await endpoint.SendAsync(
                HttpMethod.Post, address, RegistryScope.Mount(path, from), cancellationToken, request => request.Content = new ByteArrayContent([])).ConfigureAwait(false);
        }
        catch (RegistryException e) when (e.Fault is RegistryFault.Unauthorized or RegistryFault.Denied)
        {
            // The token does not cover the other repository. A push needs only this one.
            return false;
        }

        using (response)
        {
            if (response.StatusCode == HttpStatusCode.Created)
            {
                return true;
            }

            if (response.StatusCode == HttpStatusCode.Accepted && AnswerAddress.TryLocation(response, endpoint.Transport.Base) is { } location)
            {
                _begun[descriptor.Digest] = location;
            }

            return (int)response.StatusCode < 500
                ? false
                : throw await endpoint.FailureAsync(response, $"mount the blob {descriptor.Digest} in {name}", cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Cancels an upload at the registry. Ignores failures, because registries expire uploads themselves.</summary>
    public static async Task CancelAsync(Endpoint endpoint, Uri location, RegistryScope scope)
    {
        using var soon = new CancellationTokenSource(endpoint.Options.CancelTimeout);
        try
        {
            using HttpResponseMessage response = await endpoint.SendAsync(HttpMethod.Delete, location, scope, soon.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RegistryException or OperationCanceledException)
        {
            return;
        }
    }
}

/// <summary>A part of a blob as request body. Opened for each attempt, and streamed.</summary>
internal sealed class UploadBody : HttpContent
{
    private const int BufferLength = 128 << 10;

    private readonly Func<Stream> _open;
    private readonly long _offset;
    private readonly long _length;
    private readonly IProgress<long>? _progress;

    /// <summary>Creates the body.</summary>
    /// <param name="open">Opens the blob at its beginning.</param>
    /// <param name="offset">The offset of the part in the blob.</param>
    /// <param name="length">The size of the part in bytes.</param>
    /// <param name="progress">Receives the position in the blob.</param>
    public UploadBody(Func<Stream> open, long offset, long length, IProgress<long>? progress)
    {
        (_open, _offset, _length, _progress) = (open, offset, length, progress);
        Headers.TryAddWithoutValidation("Content-Type", "application/octet-stream");
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Stream source = _open();
        await using (source.ConfigureAwait(false))
        {
            byte[] buffer = new byte[(int)Math.Clamp(_length, 1, BufferLength)];
            await MoveAsync(source, buffer, cancellationToken).ConfigureAwait(false);
            for (long sent = 0; sent < _length;)
            {
                int read = await ReadAsync(source, buffer.AsMemory(0, (int)Math.Min(buffer.Length, _length - sent)), cancellationToken).ConfigureAwait(false);
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                sent += read;
                _progress?.Report(_offset + sent);
            }
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }

    private async Task MoveAsync(Stream source, byte[] buffer, CancellationToken cancellationToken)
    {
        if (source.CanSeek)
        {
            source.Seek(_offset, SeekOrigin.Begin);
            return;
        }

        for (long left = _offset; left > 0;)
        {
            left -= await ReadAsync(source, buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<int> ReadAsync(Stream source, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        return read > 0
            ? read
            : throw new RegistryException(RegistryFault.DigestMismatch, $"The content to push ends before its {_offset + _length} bytes.");
    }
}

/// <summary>Parses the position of an upload: the header <c>Range</c> of responses, <c>0-1023</c>.</summary>
internal static class UploadRange
{
    /// <summary>Returns the number of bytes that the registry has; null without the header.</summary>
    public static long? Next(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues("Range", out var values))
        {
            return null;
        }

        string text = values.ToString().Trim();
        if (text.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
        {
            text = text["bytes=".Length..];
        }

        int dash = text.IndexOf('-');
        if (dash < 0 || text[..dash] != "0" || !long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long last) || last == long.MaxValue)
        {
            return null;
        }

        // The distribution project's registry returns 0-0 for an empty upload. No chunk has one byte, so this is unambiguous.
        return last == 0 ? 0 : last + 1;
    }
}
