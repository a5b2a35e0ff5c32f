using System.Net;
using System.Net.Http.Headers;
using Bee.Oci.Formats;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Repositories;
using Bee.Posix;

namespace Bee.Oci.Registry.Client;

/// <summary>Reads, pushes and deletes the manifests of one repository (OCI Distribution Specification 1.1, "Pulling manifests", "Pushing Manifests", "Content Management").</summary>
internal sealed class Manifests(Endpoint endpoint, string path, string name, RepositoryRights rights)
{
    private static readonly string[] s_accepted = [MediaTypes.ImageIndex, MediaTypes.ImageManifest, MediaTypes.DockerManifestList, MediaTypes.DockerManifest];

    /// <summary>Returns the descriptor of a manifest; null if it does not exist.</summary>
    public async Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken)
    {
        Digest? asked = References.AsDigest(reference);
        using (HttpResponseMessage response = await endpoint.SendAsync(
            HttpMethod.Head, Address(reference), rights.Read, cancellationToken, Accept).ConfigureAwait(false))
        {
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            if (response.StatusCode == HttpStatusCode.OK
                && DigestHeader(response) is { } digest
                && response.Content.Headers is { ContentLength: > 0 and long length, ContentType.MediaType: { } type }
                && (MediaTypes.IsIndex(type) || MediaTypes.IsManifest(type)))
            {
                return asked is { } other && other != digest
                    ? throw OtherDigest(reference, digest)
                    : length > StoreLimits.Manifest ? throw TooLarge(reference, length) : new Descriptor(type, digest, length);
            }
        }

        // Without digest, size or media type the content is needed. For an error too: a response to HEAD has no error text.
        return (await TryFetchAsync(reference, cancellationToken).ConfigureAwait(false))?.Content.Descriptor;
    }

    /// <summary>Reads a manifest; throws if it does not exist.</summary>
    public async Task<Content> FetchAsync(string reference, CancellationToken cancellationToken)
    {
        RegistryDocument document = (await GetAsync(reference, null, cancellationToken).ConfigureAwait(false))!;
        return Check(reference, document);
    }

    /// <summary>Reads a manifest and its entity tag; returns null if it does not exist.</summary>
    public async Task<(Content Content, EntityTagHeaderValue? Tag)?> TryFetchAsync(string reference, CancellationToken cancellationToken)
    {
        RegistryDocument? document = await GetAsync(reference, status => status == HttpStatusCode.NotFound, cancellationToken).ConfigureAwait(false);
        return document is null ? null : (Check(reference, document), document.Response.Headers.ETag);
    }

    /// <summary>Checks whether a manifest exists.</summary>
    public async Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await endpoint.SendAsync(
            HttpMethod.Head, Address(References.Check(descriptor.Digest.ToString())), rights.Read, cancellationToken, Accept).ConfigureAwait(false);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => response.Content.Headers.ContentLength is null or 0 || response.Content.Headers.ContentLength == descriptor.Size,
            HttpStatusCode.NotFound => false,
            _ => throw await endpoint.FailureAsync(response, $"look for the manifest {descriptor.Digest} in {name}", cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Pushes a manifest under a tag or by its digest.</summary>
    /// <param name="content">The manifest.</param>
    /// <param name="reference">A tag, or its digest.</param>
    /// <param name="ifMatch">The entity tag that the current manifest must have; null for any.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>Put is false if the entity tag differs. SubjectSeen is true if the registry has processed the manifest's subject.</returns>
    public async Task<(bool Put, bool SubjectSeen)> PutAsync(Content content, string reference, EntityTagHeaderValue? ifMatch, CancellationToken cancellationToken)
    {
        if (content.Bytes.Length > StoreLimits.Manifest)
        {
            throw TooLarge(reference, content.Bytes.Length);
        }

        if (Digest.Of(content.Bytes) != content.Descriptor.Digest)
        {
            throw new RegistryException(RegistryFault.DigestMismatch, $"The manifest to push to {name} does not match its digest, {content.Descriptor.Digest}.");
        }

        using HttpResponseMessage response = await endpoint.SendAsync(HttpMethod.Put, Address(reference), rights.Write(), cancellationToken, request =>
        {
            request.Content = new ByteArrayContent(content.Bytes);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", content.Descriptor.MediaType);
            if (ifMatch is not null)
            {
                request.Headers.IfMatch.Add(ifMatch);
            }
        }).ConfigureAwait(false);
        if (ifMatch is not null && response.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            return (false, false);
        }

        if (!response.IsSuccessStatusCode)
        {
            throw await endpoint.FailureAsync(response, $"push the manifest {Shown(reference)}", cancellationToken).ConfigureAwait(false);
        }

        return DigestHeader(response) is { } digest && digest != content.Descriptor.Digest
            ? throw OtherDigest(content.Descriptor.Digest.ToString(), digest)
            : (true, response.Headers.Contains("OCI-Subject"));
    }

    /// <summary>Deletes a manifest with all its tags, or a tag.</summary>
    public async Task DeleteAsync(string reference, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await endpoint.SendAsync(HttpMethod.Delete, Address(reference), RegistryScope.Delete(path), cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        RegistryException failure = await endpoint.FailureAsync(response, $"delete {Shown(reference)}", cancellationToken).ConfigureAwait(false);

        // "If tag deletion is disabled, the registry MUST respond with either a 400 Bad Request or a 405".
        throw References.AsDigest(reference) is null && failure.Status is 400 or 405
            ? new RegistryException(RegistryFault.Unsupported, $"{failure.Message} {endpoint.Host} does not support deleting tags.", failure)
            {
                Code = failure.Code,
                Status = failure.Status,
                Remedy = "Delete the manifest by its digest, if the registry allows that. This removes all its tags.",
            }
            : failure;
    }

    private static void Accept(HttpRequestMessage request)
    {
        foreach (string type in s_accepted)
        {
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        }
    }

    /// <summary>Returns the digest in the response's header; null without one, or for another algorithm.</summary>
    private static Digest? DigestHeader(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("Docker-Content-Digest", out var values) && Digest.TryParse(values.ToString().Trim(), out Digest digest) ? digest : null;

    private Uri Address(string reference) => endpoint.Address($"{path}/manifests/{reference}");

    private Task<RegistryDocument?> GetAsync(string reference, Func<HttpStatusCode, bool>? absent, CancellationToken cancellationToken) => endpoint.GetAsync(
        Address(References.Check(reference)), rights.Read, $"read the manifest {Shown(reference)}", $"manifest {Shown(reference)}", StoreLimits.Manifest, cancellationToken, Accept, absent);

    /// <summary>Validates the manifest in a response: digest and media type.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.DigestMismatch"/> or <see cref="RegistryFault.BadAnswer"/>.</exception>
    internal Content Check(string reference, RegistryDocument document)
    {
        var digest = Digest.Of(document.Body);
        if ((References.AsDigest(reference) ?? DigestHeader(document.Response)) is { } expected && expected != digest)
        {
            throw OtherDigest(expected.ToString(), digest);
        }

        ManifestDocument manifest = RegistryDocuments.Read(document.Body, OciJson.Canonical.ManifestDocument, $"manifest {Shown(reference)}");
        string? said = IsKnown(document.ContentType) ? document.ContentType : null;
        if (manifest.MediaType is not null && said is not null && manifest.MediaType != said)
        {
            // A document that some clients read as a manifest and others as an index: CVE-2021-41190.
            throw new RegistryException(RegistryFault.BadAnswer, $"The media type of the manifest {Shown(reference)} is '{TerminalText.Clean(manifest.MediaType)}', but the registry's Content-Type is '{said}'.");
        }

        string? type = said ?? manifest.MediaType ?? (manifest.Manifests is not null ? MediaTypes.ImageIndex : manifest.Config is not null ? MediaTypes.ImageManifest : null);
        return IsKnown(type)
            ? new Content(new Descriptor(type!, digest, document.Body.Length) { ArtifactType = manifest.ArtifactType is { } kind ? TerminalText.Clean(kind) : null }, document.Body)
            : throw new RegistryException(RegistryFault.BadAnswer, $"The manifest {Shown(reference)} has an unsupported media type: '{TerminalText.Clean(type ?? document.ContentType ?? "")}'.");
    }

    private static bool IsKnown(string? type) => MediaTypes.IsIndex(type) || MediaTypes.IsManifest(type);

    private string Shown(string reference) => References.AsDigest(reference) is null ? $"{name}:{reference}" : $"{name}@{reference}";

    private RegistryException OtherDigest(string expected, Digest got) =>
        new(RegistryFault.DigestMismatch, $"The registry returned another manifest for {Shown(expected)}: its digest is {got}.");

    private RegistryException TooLarge(string reference, long length) =>
        new(RegistryFault.TooLarge, $"The manifest {Shown(reference)} has {Quantity.Of(length, "byte")}, over the limit of {StoreLimits.Manifest}.");
}
