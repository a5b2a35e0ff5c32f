using System.Runtime.CompilerServices;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;

namespace Bee.Oci.Tests.Signatures;

/// <summary>An in-memory repository that does not check digests: a test chooses the digest of each content.</summary>
internal sealed class MemoryImages(string name = "ghcr.io/me/tool") : IRepository
{
    public string Name => name;

    public Dictionary<string, Content> Manifests { get; } = [];

    public Dictionary<string, byte[]> Blobs { get; } = [];

    public Dictionary<string, string> Tags { get; } = [];

    public Dictionary<string, List<Descriptor>> Referrers { get; } = [];

    /// <summary>The number of pushes.</summary>
    public int Pushes { get; private set; }

    /// <summary>Thrown by every read if set.</summary>
    public Exception? Fault { get; set; }

    public Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default) =>
        Fault is null ? Task.FromResult(Manifests.GetValueOrDefault(Tags.GetValueOrDefault(reference, reference))?.Descriptor) : throw Fault;

    public Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default) => Task.FromResult(
        Manifests.GetValueOrDefault(Tags.GetValueOrDefault(reference, reference)) ?? throw new RegistryException(RegistryFault.NotFound, $"There is no {reference}."));

    public Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => Blobs.TryGetValue(descriptor.Digest, out byte[]? bytes)
        ? Task.FromResult<Stream>(new MemoryStream(bytes))
        : throw new RegistryException(RegistryFault.NotFound, $"There is no {descriptor.Digest}.");

    public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => Task.FromResult(Blobs.ContainsKey(descriptor.Digest));

    public async IAsyncEnumerable<Descriptor> ReferrersAsync(Digest digest, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask;
        foreach (Descriptor referrer in Referrers.GetValueOrDefault(digest, []))
        {
            yield return referrer;
        }
    }

    /// <summary>Adds a manifest, whose content is not checked.</summary>
    public void Put(Content manifest, string? tag)
    {
        Manifests[manifest.Descriptor.Digest] = manifest;
        if (tag is not null)
        {
            Tags[tag] = manifest.Descriptor.Digest;
        }
    }

    public Task PushManifestAsync(Content manifest, string? tag, CancellationToken cancellationToken = default)
    {
        Pushes++;
        Put(manifest, tag);
        if (System.Text.Json.Nodes.JsonNode.Parse(manifest.Bytes)!["subject"]?["digest"]?.GetValue<string>() is { } subject)
        {
            if (!Referrers.TryGetValue(subject, out List<Descriptor>? list))
            {
                Referrers[subject] = list = [];
            }

            // As registries without support for artifacts do. cosign 3 writes the same value in its index entries.
            list.Add(manifest.Descriptor with { ArtifactType = "application/vnd.oci.empty.v1+json" });
        }

        return Task.CompletedTask;
    }

    public async Task PushAsync(Descriptor descriptor, Func<Stream> open, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        Pushes++;
        using var buffer = new MemoryStream();
        using Stream content = open();
        await content.CopyToAsync(buffer, cancellationToken);
        Blobs[descriptor.Digest] = buffer.ToArray();
    }

    public Task<bool> MountAsync(Descriptor descriptor, string from, CancellationToken cancellationToken = default) => Task.FromResult(false);

    public Task TagAsync(Descriptor descriptor, string tag, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task DeleteAsync(string reference, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<string> TagsAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
