using Bee.Oci.Formats;

namespace Bee.Oci.Repositories;

/// <summary>A manifest of an image, with the platform that it is for.</summary>
/// <param name="Descriptor">The manifest. One that names no platform has that of the index it stands in, where that one names one.</param>
/// <param name="Annotations">What the indexes above say of it; the nearest one counts.</param>
internal sealed record PlatformManifest(Descriptor Descriptor, IReadOnlyDictionary<string, string> Annotations);

/// <summary>What stands in an index.</summary>
/// <param name="Children">Manifests and further indexes, in the index's order.</param>
/// <param name="Annotations">The index's own annotations.</param>
internal sealed record IndexContent(IReadOnlyList<Descriptor> Children, IReadOnlyDictionary<string, string> Annotations);

/// <summary>
/// The manifests of an index and of the indexes in it: one list for all that chooses or shows a platform. What other tools say of an image's making (attestations)
/// stands in indexes too, as a manifest for no platform, and is not in the list.
/// </summary>
internal static class PlatformManifests
{
    // As deep as a transfer goes (three indexes, and a manifest in the last one), and as many manifests.
    private const int Depth = 3;
    private const int Most = 1_000;

    /// <summary>BuildKit's annotation on the entry of an attestation.</summary>
    private const string ReferenceType = "vnd.docker.reference.type";

    /// <summary>Returns the manifests, in the order of the indexes.</summary>
    /// <param name="top">The index.</param>
    /// <param name="open">Reads an index; what it throws ends the walk.</param>
    public static async ValueTask<IReadOnlyList<PlatformManifest>> FindAsync(Descriptor top, Func<Descriptor, ValueTask<IndexContent>> open)
    {
        var found = new List<PlatformManifest>();
        await WalkAsync(new PlatformManifest(top, new Dictionary<string, string>()), open, found, [], Depth).ConfigureAwait(false);
        return found;
    }

    private static async ValueTask WalkAsync(
        PlatformManifest index, Func<Descriptor, ValueTask<IndexContent>> open, List<PlatformManifest> found, HashSet<string> seen, int depth)
    {
        if (depth == 0 || found.Count >= Most || !seen.Add(index.Descriptor.Digest))
        {
            return;
        }

        IndexContent content = await open(index.Descriptor).ConfigureAwait(false);
        var annotations = new Dictionary<string, string>(index.Annotations);
        foreach ((string key, string value) in content.Annotations)
        {
            annotations[key] = value;
        }

        foreach (Descriptor child in content.Children.Where(child => !IsAttestation(child)))
        {
            var one = new PlatformManifest(child.Platform is null ? child with { Platform = index.Descriptor.Platform } : child, annotations);
            if (MediaTypes.IsIndex(child.MediaType))
            {
                await WalkAsync(one, open, found, seen, depth - 1).ConfigureAwait(false);
            }
            else if (found.Count < Most)
            {
                found.Add(one);
            }
        }
    }

    private static bool IsAttestation(Descriptor entry) =>
        entry.Platform is { Os: "unknown" } or { Architecture: "unknown" } || entry.Annotations.ContainsKey(ReferenceType);
}
