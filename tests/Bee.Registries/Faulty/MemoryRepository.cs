using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Bee.Registries;

/// <summary>The content of one repository of <see cref="FaultyRegistry"/>.</summary>
public sealed class MemoryRepository
{
    /// <summary>Blobs by digest.</summary>
    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new();

    /// <summary>Manifests by digest.</summary>
    public ConcurrentDictionary<string, (string MediaType, byte[] Bytes)> Manifests { get; } = new();

    /// <summary>Digests by tag.</summary>
    public ConcurrentDictionary<string, string> Tags { get; } = new();

    /// <summary>The bytes of unfinished uploads, by id.</summary>
    internal ConcurrentDictionary<string, MemoryStream> Uploads { get; } = new();

    /// <summary>The number of unfinished uploads.</summary>
    public int OpenUploads => Uploads.Count;

    /// <summary>Returns the digest of bytes, <c>sha256:…</c>.</summary>
    public static string Digest(ReadOnlySpan<byte> bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";

    /// <summary>Adds a blob.</summary>
    /// <returns>The digest.</returns>
    public string AddBlob(byte[] bytes)
    {
        string digest = Digest(bytes);
        Blobs[digest] = bytes;
        return digest;
    }

    /// <summary>Adds a manifest, whose content is not checked.</summary>
    /// <returns>The digest.</returns>
    public string AddManifest(byte[] bytes, string mediaType, string? tag = null)
    {
        string digest = Digest(bytes);
        Manifests[digest] = (mediaType, bytes);
        if (tag is not null)
        {
            Tags[tag] = digest;
        }

        return digest;
    }

    /// <summary>Returns the digest for a tag or a digest; null if the manifest does not exist.</summary>
    internal string? Resolve(string reference) =>
        Manifests.ContainsKey(reference) ? reference : Tags.TryGetValue(reference, out string? digest) && Manifests.ContainsKey(digest) ? digest : null;
}
