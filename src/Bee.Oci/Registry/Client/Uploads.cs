using System.Collections.Concurrent;
using System.Net;
using Bee.Oci.Formats;
using Bee.Oci.Registry.Transport;

namespace Bee.Oci.Registry.Client;

/// <summary>The blobs of one repository: whether they are there, and how they come there.</summary>
internal sealed class Uploads(Endpoint endpoint, string path, string name, RepositoryRights rights)
{
    /// <summary>Uploads that the registry began instead of mounting, for the push that follows.</summary>
    private readonly ConcurrentDictionary<string, Uri> _begun = new(StringComparer.Ordinal);

    /// <summary>Whether a blob is there.</summary>
    public async Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await endpoint.SendAsync(
            HttpMethod.Head, endpoint.Address($"{path}/blobs/{References.Check(descriptor.Digest)}"), rights.Read, cancellationToken).ConfigureAwait(false);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => response.Content.Headers.ContentLength is not > 0 || response.Content.Headers.ContentLength == descriptor.Size,
            HttpStatusCode.NotFound => false,
            _ => throw await endpoint.FailureAsync(response, $"look for the blob {descriptor.Digest} in {name}", cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Sends a blob.</summary>
    public Task PushAsync(Descriptor descriptor, Func<Stream> open, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        References.Check(descriptor.Digest);
        _begun.TryRemove(descriptor.Digest, out Uri? begun);
        var upload = new BlobUpload(endpoint, path, name, rights.Write(), descriptor, open, progress);
        return upload.RunAsync(begun, cancellationToken => ExistsAsync(descriptor, cancellationToken), cancellationToken);
    }

    /// <summary>Takes a blob over from another repository (OCI Distribution Specification 1.1, "Mounting a blob from another repository").</summary>
    /// <returns>False where the registry does not, for whatever reason: sending the blob does the same.</returns>
    public async Task<bool> MountAsync(Descriptor descriptor, string from, CancellationToken cancellationToken)
    {
        string digest = Uri.EscapeDataString(References.Check(descriptor.Digest));
        Uri address = endpoint.Address($"{path}/blobs/uploads/?mount={digest}&from={Uri.EscapeDataString(from)}");
        HttpResponseMessage response;
        try
        {
            response = await endpoint.SendAsync(
                HttpMethod.Post, address, RegistryScope.Mount(path, from), cancellationToken, request => request.Content = new ByteArrayContent([])).ConfigureAwait(false);
        }
        catch (RegistryException e) when (e.Fault is RegistryFault.Unauthorized or RegistryFault.Denied)
        {
            // No token that reaches the other repository: without it there may well be one for this.
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

    /// <summary>Tells a registry that an upload will not be finished. It forgets such ones by itself, only later: so a failure is none.</summary>
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
