using System.Text.Json;
using Bee.Oci.Formats;

namespace Bee.Oci.Store;

/// <summary>
/// Deletes blobs that nothing refers to. Only under the store's lock. What the removed image had goes at once; other blobs without an
/// owner (of a killed writer, of a tag that has moved) only when they are old, since another tool that does not know the lock may have
/// written them a moment ago and not have come to the index yet.
/// </summary>
/// <remarks>It follows every digest in any JSON document, and not only those of known manifests, so it never deletes a blob that an unknown kind of manifest refers to.</remarks>
internal sealed class Sweep(LayoutFiles files)
{
    private static readonly TimeSpan s_grace = TimeSpan.FromHours(1);

    /// <summary>Deletes what nothing refers to, and says how many blobs and bytes.</summary>
    /// <param name="index">The index as it is, or is to be at once.</param>
    /// <param name="removed">Digests of what had a name until now.</param>
    public (int Blobs, long Bytes) Run(StoreIndex index, IEnumerable<string?> removed)
    {
        var alive = new Reach();
        foreach (DescriptorDocument entry in index.Entries)
        {
            if (!Mark(entry.Digest, alive))
            {
                // What a damaged manifest refers to is unknown: better to keep too much.
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
    /// Adds a digest and all digests in the manifest behind it, whatever kind of manifest it is, and so on; false when one is there and cannot
    /// be read. With a list of what is to do rather than by recursion: nobody limits how deep foreign indexes are nested.
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

    /// <summary>What can be reached. One digest may be a manifest in one place and a plain blob in another, so the two are kept apart.</summary>
    private sealed class Reach
    {
        private readonly HashSet<string> _manifests = [];

        public HashSet<string> Digests { get; } = [];

        /// <summary>Manifests that are still to be looked into.</summary>
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
