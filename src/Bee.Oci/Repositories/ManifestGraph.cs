using Bee.Oci.Formats;

namespace Bee.Oci.Repositories;

/// <summary>The role of a piece of an image.</summary>
public enum BlobRole
{
    /// <summary>The list of an image's platforms.</summary>
    Index,

    /// <summary>The list of an image's config and layers, for one platform.</summary>
    Manifest,

    /// <summary>The config: metadata of the image.</summary>
    Config,

    /// <summary>A layer: the program or other content.</summary>
    Layer,
}

/// <summary>A node of an image's graph: one descriptor in a manifest or an index.</summary>
/// <param name="descriptor">The descriptor, not verified.</param>
/// <param name="role">The role of the content.</param>
/// <param name="parent">The manifest or index with the descriptor; null for the top.</param>
/// <param name="before">The number of different digests found before.</param>
internal sealed class ManifestNode(Descriptor descriptor, BlobRole role, ManifestNode? parent, int before)
{
    /// <summary>The descriptor, not verified.</summary>
    public Descriptor Descriptor => descriptor;

    /// <summary>The role of the content.</summary>
    public BlobRole Role => role;

    /// <summary>The manifest or index with the descriptor; null for the top.</summary>
    public ManifestNode? Parent => parent;

    /// <summary>True for a manifest or an index, false for a blob.</summary>
    public bool IsManifest => role is BlobRole.Index or BlobRole.Manifest;

    /// <summary>The number of manifests and indexes above.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    /// <summary>The content of a manifest or an index; null if it was not read, or was read at an earlier node with the same digest.</summary>
    public ManifestDocument? Document { get; internal set; }

    /// <summary>True if an earlier node has the same digest.</summary>
    public bool IsRepeat { get; internal set; }

    /// <summary>True if the image is nested too deep here, or has too many pieces.</summary>
    public bool IsBeyondLimits => Depth >= ManifestGraph.Depth || before > ManifestGraph.MostPieces;
}

/// <summary>
/// The graph of an image: indexes, manifests, configs and layers. Every traversal of an image uses this class. The caller reads the manifests and so decides about missing, damaged or
/// deeply nested ones: an exception ends the traversal, and null skips what is below.
/// </summary>
/// <param name="Nodes">All nodes in depth-first order from the top.</param>
/// <param name="BottomUp">The manifests and indexes that were read, each once, after everything that they refer to.</param>
internal sealed record ManifestGraph(IReadOnlyList<ManifestNode> Nodes, IReadOnlyList<ManifestNode> BottomUp)
{
    /// <summary>The most levels of manifests. An index of indexes is allowed; deeper nesting has no known use.</summary>
    public const int Depth = 4;

    /// <summary>The most pieces. A hostile image must not keep Bee busy for hours.</summary>
    public const int MostPieces = 10_000;

    // Manifests are read concurrently, because each request to a distant registry takes long.
    private const int AtOnce = 8;

    /// <summary>The nodes from the top, each digest once.</summary>
    public IEnumerable<ManifestNode> Pieces => Nodes.Where(node => !node.IsRepeat);

    /// <summary>Reads the graph of an image whose manifests are local.</summary>
    /// <param name="top">Its manifest or index.</param>
    /// <param name="read">Reads a manifest or index; returns null to skip what is below.</param>
    public static ManifestGraph Read(Descriptor top, Func<ManifestNode, ManifestDocument?> read) =>
        ReadAsync(top, nodes => ValueTask.FromResult<IReadOnlyList<ManifestDocument?>>([.. nodes.Select(read)])).AsTask().GetAwaiter().GetResult();

    /// <summary>Reads the graph of an image.</summary>
    /// <param name="top">Its manifest or index.</param>
    /// <param name="read">Reads several siblings; returns null for each to skip what is below.</param>
    public static async ValueTask<ManifestGraph> ReadAsync(Descriptor top, Func<IReadOnlyList<ManifestNode>, ValueTask<IReadOnlyList<ManifestDocument?>>> read)
    {
        var walk = new Walk(read);
        await walk.AddAsync([(top, MediaTypes.IsIndex(top.MediaType) ? BlobRole.Index : BlobRole.Manifest)], null).ConfigureAwait(false);
        return new ManifestGraph(walk.Nodes, walk.BottomUp);
    }

    private sealed class Walk(Func<IReadOnlyList<ManifestNode>, ValueTask<IReadOnlyList<ManifestDocument?>>> read)
    {
        private readonly HashSet<Digest> _found = [];

        // A digest may be a blob in one place and a manifest in another.
        private readonly HashSet<Digest> _read = [];

        public List<ManifestNode> Nodes { get; } = [];

        public List<ManifestNode> BottomUp { get; } = [];

        public async ValueTask AddAsync(IEnumerable<(Descriptor Descriptor, BlobRole Role)> manifests, ManifestNode? parent)
        {
            foreach ((Descriptor Descriptor, BlobRole Role)[] some in manifests.Chunk(AtOnce))
            {
                ManifestNode[] nodes = [.. some.Select(one => new ManifestNode(one.Descriptor, one.Role, parent, _found.Count))];
                ManifestNode[] unread = [.. nodes.Where(node => !_read.Contains(node.Descriptor.Digest)).DistinctBy(node => node.Descriptor.Digest)];
                IReadOnlyList<ManifestDocument?> documents = unread.Length == 0 ? [] : await read(unread).ConfigureAwait(false);
                foreach (ManifestNode node in nodes)
                {
                    Add(node);

                    // Read where it is found first, which may be below an earlier sibling, so that children always come before their parents in BottomUp.
                    if (_read.Add(node.Descriptor.Digest) && documents[Array.IndexOf(unread, node)] is { } document)
                    {
                        node.Document = document;
                        await AddBelowAsync(node, document).ConfigureAwait(false);
                        BottomUp.Add(node);
                    }
                }
            }
        }

        private async ValueTask AddBelowAsync(ManifestNode node, ManifestDocument document)
        {
            await AddAsync(
                (document.Manifests ?? []).Select(child => child?.ToDescriptor() ?? s_nothing).Select(child => (child, MediaTypes.IsIndex(child.MediaType) ? BlobRole.Index : BlobRole.Manifest)),
                node).ConfigureAwait(false);
            if (document.Config is { } config)
            {
                Add(new ManifestNode(config.ToDescriptor(), BlobRole.Config, node, _found.Count));
            }

            foreach (DescriptorDocument? layer in document.Layers ?? [])
            {
                Add(new ManifestNode(layer?.ToDescriptor() ?? s_nothing, BlobRole.Layer, node, _found.Count));
            }
        }

        private void Add(ManifestNode node)
        {
            node.IsRepeat = !_found.Add(node.Descriptor.Digest);
            Nodes.Add(node);
        }
    }

    // Stands for a null in the JSON. Every reader rejects it.
    private static readonly Descriptor s_nothing = new("", default, 0);
}

/// <summary>A manifest of an image, with the platform that it is for.</summary>
/// <param name="Descriptor">The manifest. Without a platform of its own it has that of the index above, if any.</param>
/// <param name="Annotations">The annotations of the indexes above; the nearest index wins.</param>
internal sealed record PlatformManifest(Descriptor Descriptor, IReadOnlyDictionary<string, string> Annotations);

/// <summary>
/// Lists the manifests of an index and of the indexes in it, to choose or show platforms. Attestations, which BuildKit puts into indexes as manifests for an unknown platform,
/// are left out.
/// </summary>
internal static class PlatformManifests
{
    // As many manifests as a transfer takes.
    private const int Most = 1_000;

    /// <summary>BuildKit's annotation on the entry of an attestation.</summary>
    private const string ReferenceType = "vnd.docker.reference.type";

    /// <summary>Returns the manifests, in the order of the indexes.</summary>
    /// <param name="top">The index.</param>
    /// <param name="open">Reads an index; returns null to skip it. An exception ends the traversal.</param>
    public static async ValueTask<IReadOnlyList<PlatformManifest>> FindAsync(Descriptor top, Func<Descriptor, ValueTask<ManifestDocument?>> open)
    {
        int found = 0;
        ManifestGraph graph = await ManifestGraph.ReadAsync(top, async nodes =>
        {
            var documents = new ManifestDocument?[nodes.Count];
            for (int i = 0; i < documents.Length; i++)
            {
                // As deep as a transfer: the last index contains manifests.
                if (nodes[i] is { Role: BlobRole.Index, Depth: < ManifestGraph.Depth - 1 } index && found < Most && !IsAttestation(index))
                {
                    documents[i] = await open(index.Descriptor).ConfigureAwait(false);
                    found += documents[i]?.Manifests?.Count ?? 0;
                }
            }

            return documents;
        }).ConfigureAwait(false);

        var indexes = new Dictionary<ManifestNode, PlatformManifest>();
        var manifests = new List<PlatformManifest>();
        foreach (ManifestNode node in graph.Nodes.Where(node => !IsAttestation(node)))
        {
            PlatformManifest? above = node.Parent is { } parent ? indexes[parent] : null;
            Descriptor descriptor = node.Descriptor.Platform is null ? node.Descriptor with { Platform = above?.Descriptor.Platform } : node.Descriptor;
            IReadOnlyDictionary<string, string> annotations = above?.Annotations ?? new Dictionary<string, string>();
            if (node.Document is { } document)
            {
                indexes.Add(node, new PlatformManifest(descriptor, Merged(annotations, Printable.Annotations(document.Annotations))));
            }
            else if (node.Role == BlobRole.Manifest && above is not null && manifests.Count < Most)
            {
                manifests.Add(new PlatformManifest(descriptor, annotations));
            }
        }

        return manifests;
    }

    private static Dictionary<string, string> Merged(IReadOnlyDictionary<string, string> above, IReadOnlyDictionary<string, string> own)
    {
        var merged = new Dictionary<string, string>(above);
        foreach ((string key, string value) in own)
        {
            merged[key] = value;
        }

        return merged;
    }

    private static bool IsAttestation(ManifestNode node) => node.Parent is not null
        && (node.Descriptor.Platform is { Os: "unknown" } or { Architecture: "unknown" } || node.Descriptor.Annotations.ContainsKey(ReferenceType));
}
