using Bee.Oci.Formats;

namespace Bee.Oci.Repositories;

/// <summary>What a piece of an image is.</summary>
public enum BlobRole
{
    /// <summary>The list of an image's platforms.</summary>
    Index,

    /// <summary>The list of an image's config and layers, for one platform.</summary>
    Manifest,

    /// <summary>What the image says about its program.</summary>
    Config,

    /// <summary>Content: the program, or what comes with it.</summary>
    Layer,
}

/// <summary>A reference to a piece of an image, as it stands in the manifest above.</summary>
/// <param name="descriptor">What it refers to, as the manifest above says; not checked.</param>
/// <param name="role">What it refers to.</param>
/// <param name="parent">The manifest above; null for the top.</param>
/// <param name="before">How many pieces came before, each digest once.</param>
internal sealed class ManifestNode(Descriptor descriptor, BlobRole role, ManifestNode? parent, int before)
{
    /// <summary>What it refers to, as the manifest above says; not checked.</summary>
    public Descriptor Descriptor => descriptor;

    /// <summary>What it refers to.</summary>
    public BlobRole Role => role;

    /// <summary>The manifest above; null for the top.</summary>
    public ManifestNode? Parent => parent;

    /// <summary>Whether it is a manifest or an index, and not a blob.</summary>
    public bool IsManifest => role is BlobRole.Index or BlobRole.Manifest;

    /// <summary>How many manifests are above.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    /// <summary>What is in a manifest or an index; null if it was not read, or was read where its digest came before.</summary>
    public ManifestDocument? Document { get; internal set; }

    /// <summary>Whether the digest came before.</summary>
    public bool IsRepeat { get; internal set; }

    /// <summary>Whether the image is nested deeper here, or has more pieces, than any image of use.</summary>
    public bool IsBeyondLimits => Depth >= ManifestGraph.Depth || before > ManifestGraph.MostPieces;
}

/// <summary>
/// What an image refers to: indexes, manifests, configs and layers. This is the only walk over it. Who walks reads the manifests, and so decides what happens to one that is missing, damaged or too
/// deep: an exception ends the walk, and a manifest that is not given is not looked into.
/// </summary>
/// <param name="Nodes">All references, from the top; what is below a manifest follows it.</param>
/// <param name="BottomUp">The manifests and indexes that were read, each once, behind all that they refer to.</param>
internal sealed record ManifestGraph(IReadOnlyList<ManifestNode> Nodes, IReadOnlyList<ManifestNode> BottomUp)
{
    /// <summary>Manifests above one another. An index of indexes is allowed; deeper nesting has no known use.</summary>
    public const int Depth = 4;

    /// <summary>More pieces than any image has. A hostile one must not make Bee walk for hours.</summary>
    public const int MostPieces = 10_000;

    // On a long way each answer takes its time.
    private const int AtOnce = 8;

    /// <summary>The pieces, each digest once, from the top.</summary>
    public IEnumerable<ManifestNode> Pieces => Nodes.Where(node => !node.IsRepeat);

    /// <summary>Walks over an image whose manifests are at hand.</summary>
    /// <param name="top">Its manifest or index.</param>
    /// <param name="read">Reads a manifest or index; null for one that is not looked into.</param>
    public static ManifestGraph Read(Descriptor top, Func<ManifestNode, ManifestDocument?> read) =>
        ReadAsync(top, nodes => ValueTask.FromResult<IReadOnlyList<ManifestDocument?>>([.. nodes.Select(read)])).AsTask().GetAwaiter().GetResult();

    /// <summary>Walks over an image.</summary>
    /// <param name="top">Its manifest or index.</param>
    /// <param name="read">Reads some manifests or indexes that stand beside one another; null for each that is not looked into.</param>
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

                    // Looked into where it is met first, which may be below one that stands before it here: so what is referred to is always done before.
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

    // In the place of JSON's null. No reader takes it.
    private static readonly Descriptor s_nothing = new("", default, 0);
}

/// <summary>A manifest of an image, with the platform that it is for.</summary>
/// <param name="Descriptor">The manifest. One that names no platform has that of the index it stands in, where that one names one.</param>
/// <param name="Annotations">What the indexes above say of it; the nearest one counts.</param>
internal sealed record PlatformManifest(Descriptor Descriptor, IReadOnlyDictionary<string, string> Annotations);

/// <summary>
/// The manifests of an index and of the indexes in it: one list for all that chooses or shows a platform. What other tools say of an image's making (attestations)
/// stands in indexes too, as a manifest for no platform, and is not in the list.
/// </summary>
internal static class PlatformManifests
{
    // As many manifests as a transfer takes.
    private const int Most = 1_000;

    /// <summary>BuildKit's annotation on the entry of an attestation.</summary>
    private const string ReferenceType = "vnd.docker.reference.type";

    /// <summary>Returns the manifests, in the order of the indexes.</summary>
    /// <param name="top">The index.</param>
    /// <param name="open">Reads an index; null for one that is passed over. What it throws ends the walk.</param>
    public static async ValueTask<IReadOnlyList<PlatformManifest>> FindAsync(Descriptor top, Func<Descriptor, ValueTask<ManifestDocument?>> open)
    {
        int found = 0;
        ManifestGraph graph = await ManifestGraph.ReadAsync(top, async nodes =>
        {
            var documents = new ManifestDocument?[nodes.Count];
            for (int i = 0; i < documents.Length; i++)
            {
                // As deep as a transfer goes: the last index has manifests in it.
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
