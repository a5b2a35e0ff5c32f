using System.Text.Json;
using Bee.Oci.Formats;

namespace Bee.Oci.Store;

/// <summary>
/// Garbage-collects blobs that nothing refers to. Requires the store's lock. Blobs of the removed image are deleted at once. Other unreferenced blobs
/// (of a killed writer, or of a tag that has moved) are deleted only if they are old, because another tool, which does not use the lock, may have written
/// them a moment ago and not yet updated the index.
/// </summary>
/// <remarks>It follows every digest in any JSON document, and not only those of known manifests, so it never deletes a blob that an unknown kind of manifest refers to.</remarks>
internal sealed class Sweep(LayoutFiles files)
{
    private static readonly TimeSpan s_grace = TimeSpan.FromHours(1);

    /// <summary>Deletes unreferenced blobs and returns their number and bytes.</summary>
    /// <param name="index">The current index, or the one that is about to replace it.</param>
    /// <param name="removed">The digests of the removed images.</param>
    public (int Blobs, long Bytes) Run(StoreIndex index, IEnumerable<string?> removed)
    {
        var alive = new Reach();
        foreach (DescriptorDocument entry in index.Entries)
        {
            if (!Mark(entry.Digest, alive))
            {
                // The references of a damaged manifest are unknown, so nothing is deleted.
                return (0, 0);
            }
        }

        var candidates = new Reach();
        foreach (string? digest in removed)
        {
            Mark(digest, candidates);
        }

        long oldest = DateTimeOffset.UtcNow.Subtract(s_grace).ToUnixTimeSeconds();
        (int blobs, long bytes) = (0, 0);
        foreach (string name in files.BlobNames())
        {
            string digest = Digest.Prefix + name;
            if (alive.Digests.Contains(digest) || !Digest.TryParse(digest, out _))
            {
                continue;
            }

            if (files.BlobStatus(name) is { } status && (candidates.Digests.Contains(digest) || status.ModifiedSeconds < oldest) && files.DeleteBlob(name))
            {
                blobs++;
                bytes += (long)status.Size;
            }
        }

        return (blobs, bytes);
    }

    /// <summary>
    /// Adds a digest and, transitively, all digests in its manifest; returns false if a manifest exists but cannot be read. Uses a stack instead of
    /// recursion, because the nesting of foreign indexes has no limit.
    /// </summary>
    private bool Mark(string? digest, Reach reach)
    {
        if (digest is not null)
        {
            reach.Add(digest, isManifest: true);
        }

        while (reach.Unread.TryPop(out string? next))
        {
            if (!Digest.TryParse(next, out Digest parsed))
            {
                continue;
            }

            try
            {
                if (files.ReadManifestBytes(parsed) is { } content)
                {
                    using var document = JsonDocument.Parse(content);
                    MarkAll(document.RootElement, reach);
                }
            }
            catch (Exception e) when (e is StoreException or JsonException or InvalidOperationException)
            {
                return false;
            }
        }

        return true;
    }

    private static void MarkAll(JsonElement element, Reach reach)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    MarkAll(item, reach);
                }

                break;

            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    if (property.Value.ValueKind != JsonValueKind.String)
                    {
                        MarkAll(property.Value, reach);
                    }
                    else if (property.NameEquals("digest") && property.Value.GetString() is { } digest)
                    {
                        reach.Add(digest, IsManifest(element));
                    }
                }

                break;
        }
    }

    private static bool IsManifest(JsonElement descriptor) =>
        descriptor.TryGetProperty("mediaType", out JsonElement type) && type.ValueKind == JsonValueKind.String
        && type.GetString() is var mediaType && (MediaTypes.IsManifest(mediaType) || MediaTypes.IsIndex(mediaType));

    /// <summary>The reachable digests. A digest may be a manifest in one place and a plain blob in another, so the two are tracked separately.</summary>
    private sealed class Reach
    {
        private readonly HashSet<string> _manifests = [];

        public HashSet<string> Digests { get; } = [];

        /// <summary>Manifests that are not read yet.</summary>
        public Stack<string> Unread { get; } = new();

        public void Add(string digest, bool isManifest)
        {
            Digests.Add(digest);
            if (isManifest && _manifests.Add(digest))
            {
                Unread.Push(digest);
            }
        }
    }
}
