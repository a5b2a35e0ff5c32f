using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;

namespace Bee.Oci.Tests.Transfer;

/// <summary>An in-memory repository that logs its calls.</summary>
internal sealed class MemoryRepository(string name) : IRepository
{
    private int _atWork;
    private int _mostAtWork;

    public string Name => name;

    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new();

    public ConcurrentDictionary<string, Content> Manifests { get; } = new();

    public ConcurrentDictionary<string, string> Tags { get; } = new();

    /// <summary>The calls, in order: "fetch sha256:…", "push sha256:…", "mount sha256:… from", "manifest sha256:… tag".</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>Other repositories of the registry, for mounting.</summary>
    public Dictionary<string, MemoryRepository> Others { get; } = [];

    /// <summary>Called before a blob is opened. May throw or wait.</summary>
    public Func<Descriptor, Task>? BeforeFetch { get; set; }

    /// <summary>Replaces the content of blobs that are read.</summary>
    public Func<byte[], Stream>? Open { get; set; }

    /// <summary>Called before referrers are listed. May throw.</summary>
    public Action? BeforeReferrers { get; set; }

    public int MostAtWork => _mostAtWork;

    public static Descriptor Describe(byte[] content, string mediaType) => new(mediaType, Digest.Of(content), content.Length);

    public Descriptor Put(byte[] content, string mediaType = MediaTypes.EbpfProgram)
    {
        Descriptor descriptor = Describe(content, mediaType);
        Blobs[descriptor.Digest] = content;
        return descriptor;
    }

    public Descriptor PutManifest(JsonObject manifest, string? tag, string mediaType = MediaTypes.ImageManifest)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        Descriptor descriptor = Describe(bytes, mediaType);
        Manifests[descriptor.Digest] = new Content(descriptor, bytes);
        if (tag is not null)
        {
            Tags[tag] = descriptor.Digest;
        }

        return descriptor;
    }

    /// <summary>Adds a manifest with these layers and an empty config.</summary>
    public Descriptor PutImage(string? tag, params string[] layers) => PutManifest(Manifest(layers), tag);

    public JsonObject Manifest(params string[] layers) => new()
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.ImageManifest,
        ["config"] = Json(Put("{}"u8.ToArray(), MediaTypes.EbpfConfig)),
        ["layers"] = new JsonArray([.. layers.Select(l => Json(Put(Encoding.UTF8.GetBytes(l))))]),
    };

    public static JsonObject Json(Descriptor descriptor) =>
        new() { ["mediaType"] = descriptor.MediaType, ["digest"] = descriptor.Digest.ToString(), ["size"] = descriptor.Size };

    public Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default) => Task.FromResult(Find(reference)?.Descriptor);

    public Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default) =>
        Task.FromResult(Find(reference) ?? throw new RegistryException(RegistryFault.NotFound, $"no {reference}"));

    public async Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        Log.Enqueue($"fetch {descriptor.Digest}");
        int atWork = Interlocked.Increment(ref _atWork);
        for (int most = _mostAtWork; atWork > most; most = _mostAtWork)
        {
            Interlocked.CompareExchange(ref _mostAtWork, atWork, most);
        }

        try
        {
            await Task.Yield();
            await (BeforeFetch?.Invoke(descriptor) ?? Task.CompletedTask);
            byte[] content = Blobs.GetValueOrDefault(descriptor.Digest) ?? throw new RegistryException(RegistryFault.NotFound, "no blob");
            return Open?.Invoke(content) ?? new MemoryStream(content);
        }
        finally
        {
            Interlocked.Decrement(ref _atWork);
        }
    }

    public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        Task.FromResult(Blobs.ContainsKey(descriptor.Digest) || Manifests.ContainsKey(descriptor.Digest));

    public async IAsyncEnumerable<Descriptor> ReferrersAsync(Digest digest, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        BeforeReferrers?.Invoke();
        foreach (Content manifest in Manifests.Values)
        {
            if ((string?)JsonNode.Parse(manifest.Bytes)!["subject"]?["digest"] == digest)
            {
                yield return manifest.Descriptor;
            }
        }
    }

    public Task PushManifestAsync(Content manifest, string? tag, CancellationToken cancellationToken = default)
    {
        Log.Enqueue($"manifest {manifest.Descriptor.Digest} {tag}");
        JsonNode document = JsonNode.Parse(manifest.Bytes)!;
        IEnumerable<JsonNode?> blobs = [.. document["layers"]?.AsArray() ?? [], .. document["config"] is { } config ? (JsonNode[])[config] : []];

        // Rejects manifests whose content is missing, as registries do.
        if (blobs.Any(b => !Blobs.ContainsKey((string)b!["digest"]!)) || (document["manifests"]?.AsArray() ?? []).Any(m => !Manifests.ContainsKey((string)m!["digest"]!)))
        {
            throw new RegistryException(RegistryFault.Refused, "MANIFEST_BLOB_UNKNOWN");
        }

        Assert.Equal(manifest.Descriptor.Digest, Digest.Of(manifest.Bytes).ToString());
        Manifests[manifest.Descriptor.Digest] = manifest;
        if (tag is not null)
        {
            Tags[tag] = manifest.Descriptor.Digest;
        }

        return Task.CompletedTask;
    }

    public async Task PushAsync(Descriptor descriptor, Func<Stream> open, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        Log.Enqueue($"push {descriptor.Digest}");
        using Stream stream = open();
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellationToken);
        Assert.Equal(descriptor, Put(content.ToArray(), descriptor.MediaType) with { Annotations = descriptor.Annotations, ArtifactType = descriptor.ArtifactType, Platform = descriptor.Platform });
        progress?.Report(content.Length);
    }

    public Task<bool> MountAsync(Descriptor descriptor, string from, CancellationToken cancellationToken = default)
    {
        Log.Enqueue($"mount {descriptor.Digest} {from}");
        byte[]? content = Others.GetValueOrDefault(from)?.Blobs.GetValueOrDefault(descriptor.Digest);
        if (content is not null)
        {
            Blobs[descriptor.Digest] = content;
        }

        return Task.FromResult(content is not null);
    }

    public Task TagAsync(Descriptor descriptor, string tag, CancellationToken cancellationToken = default)
    {
        Tags[tag] = descriptor.Digest;
        return Task.CompletedTask;
    }

    public Task DeleteAsync(string reference, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<string> TagsAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private Content? Find(string reference) => Manifests.GetValueOrDefault(Tags.GetValueOrDefault(reference) ?? reference);
}
