using System.Runtime.InteropServices;
using System.Text.Json;
using Bee.Oci.Native;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>
/// Deletes blobs that nothing refers to. Only under the store's lock. What the removed image had goes at once; other blobs without an
/// owner (of a killed writer, of a tag that has moved) only when they are old, since another tool that does not know the lock may have
/// written them a moment ago and not have come to the index yet.
/// </summary>
internal sealed class Sweep(LayoutFiles files, string store)
{
    private static readonly TimeSpan s_grace = TimeSpan.FromHours(1);

    /// <summary>Deletes what nothing refers to, and says how many blobs and bytes.</summary>
    public (int Blobs, long Bytes) Run(string removed)
    {
        var alive = new HashSet<string>();
        foreach (Json.DescriptorDocument entry in StoreIndex.Parse(files.ReadIndex()).Entries)
        {
            if (!Mark(entry.Digest, alive))
            {
                // What a damaged manifest refers to is unknown: better to keep too much.
                return (0, 0);
            }
        }

        var candidates = new HashSet<string>();
        Mark(removed, candidates);
        long oldest = DateTimeOffset.UtcNow.Subtract(s_grace).ToUnixTimeSeconds();
        (int blobs, long bytes) = (0, 0);
        foreach (string path in Directory.EnumerateFiles(Path.Combine(store, LayoutFiles.BlobsName, LayoutFiles.AlgorithmName)))
        {
            string digest = ContentDigest.Prefix + Path.GetFileName(path);
            if (alive.Contains(digest) || !ContentDigest.TryParse(digest, out _))
            {
                continue;
            }

            using SafeFileHandle? file = LibC.Open(path, LibC.PathOnly | LibC.NoFollow);
            if (file is not null && LibC.TryStat(file, out LibC.FileFacts facts)
                && (candidates.Contains(digest) || facts.ModifiedSeconds < oldest)
                && LibC.Unlink(path) == 0)
            {
                blobs++;
                bytes += (long)facts.Size;
            }
        }

        return (blobs, bytes);
    }

    /// <summary>
    /// Adds a digest and all digests in the manifest behind it, whatever kind of manifest it is; false when it is there and cannot be read.
    /// </summary>
    private bool Mark(string? digest, HashSet<string> marked)
    {
        if (digest is null || !ContentDigest.TryParse(digest, out ContentDigest parsed) || !marked.Add(digest))
        {
            return true;
        }

        try
        {
            byte[]? content = files.ReadManifestBytes(parsed);
            if (content is null)
            {
                return true;
            }

            using JsonDocument document = JsonDocument.Parse(content);
            return MarkAll(document.RootElement, marked);
        }
        catch (Exception e) when (e is StoreException or JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private bool MarkAll(JsonElement element, HashSet<string> marked)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Array:
                bool all = true;
                foreach (JsonElement item in element.EnumerateArray())
                {
                    all &= MarkAll(item, marked);
                }

                return all;

            case JsonValueKind.Object:
                bool sound = true;
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    sound &= property.Value.ValueKind == JsonValueKind.String && property.NameEquals("digest")
                        ? MarkChild(element, property.Value.GetString(), marked)
                        : MarkAll(property.Value, marked);
                }

                return sound;

            default:
                return true;
        }
    }

    private bool MarkChild(JsonElement descriptor, string? digest, HashSet<string> marked)
    {
        string? mediaType = descriptor.TryGetProperty("mediaType", out JsonElement type) && type.ValueKind == JsonValueKind.String
            ? type.GetString()
            : null;
        if (MediaTypes.IsManifest(mediaType) || MediaTypes.IsIndex(mediaType))
        {
            return Mark(digest, marked);
        }

        if (digest is not null)
        {
            marked.Add(digest);
        }

        return true;
    }
}
