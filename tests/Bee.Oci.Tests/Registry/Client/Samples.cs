using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;

namespace Bee.Oci.Tests.Registry.Client;

/// <summary>Content to push and pull.</summary>
internal static class Samples
{
    public const string Octets = "application/octet-stream";

    /// <summary>Options with short backoff and short timeouts.</summary>
    public static RegistryOptions Quick { get; } = new()
    {
        LongestPause = TimeSpan.FromMilliseconds(20),
        HeaderTimeout = TimeSpan.FromSeconds(20),
        IdleTimeout = TimeSpan.FromSeconds(20),
        CancelTimeout = TimeSpan.FromSeconds(20),
        ChunkLength = 256 << 10,
    };

    public static byte[] Bytes(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static Descriptor Blob(byte[] content, string mediaType = Octets) => new(mediaType, Digest.Of(content), content.Length);

    public static Content Manifest(Descriptor config, Descriptor? subject = null, string? artifactType = null, params Descriptor[] layers)
    {
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.ImageManifest,
            ["config"] = Entry(config),
            ["layers"] = new JsonArray([.. layers.Select(layer => Entry(layer))]),
            ["annotations"] = new JsonObject { ["made.by"] = "the tests" },
        };
        if (artifactType is not null)
        {
            manifest["artifactType"] = artifactType;
        }

        if (subject is not null)
        {
            manifest["subject"] = Entry(subject);
        }

        return Document(manifest.ToJsonString(), MediaTypes.ImageManifest);
    }

    public static Content Document(string json, string mediaType)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        return new Content(Blob(bytes, mediaType), bytes);
    }

    public static JsonObject Entry(Descriptor descriptor) => Entry(descriptor, descriptor.Digest);

    /// <summary>Returns an index entry whose digest is any text, valid or not.</summary>
    public static JsonObject Entry(Descriptor descriptor, string digest) => new()
    {
        ["mediaType"] = descriptor.MediaType,
        ["digest"] = digest,
        ["size"] = descriptor.Size,
    };

    /// <summary>Pushes an image with one small config, which several manifests may share, and returns its manifest.</summary>
    public static async Task<Content> PushImageAsync(IRepository repository, string? tag, Descriptor? subject = null, string? artifactType = null, int seed = 1)
    {
        byte[] config = Encoding.UTF8.GetBytes($"{{\"seed\":{seed}}}");
        await repository.PushAsync(Blob(config), () => new MemoryStream(config));
        Content manifest = Manifest(Blob(config), subject, artifactType);
        await repository.PushManifestAsync(manifest, tag);
        return manifest;
    }

    public static async Task<byte[]> ReadAsync(IReadOnlyRepository repository, Descriptor descriptor)
    {
        await using Stream stream = await repository.FetchAsync(descriptor);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    public static async Task<List<T>> ListAsync<T>(IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (T item in items)
        {
            list.Add(item);
        }

        return list;
    }
}

/// <summary>Reports progress on the calling thread, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class Reports(Action<long> report) : IProgress<long>
{
    public void Report(long value) => report(value);
}
