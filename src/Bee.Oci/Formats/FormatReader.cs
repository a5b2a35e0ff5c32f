using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>Detects the format of an image by config and layers, and reads its metadata.</summary>
internal static class FormatReader
{
    /// <summary>Reads the config, but not the program.</summary>
    /// <param name="files">The blobs.</param>
    /// <param name="artifactType">The manifest's artifactType; null for none.</param>
    /// <param name="config">The config's descriptor; null for none.</param>
    /// <param name="layers">The layers.</param>
    /// <exception cref="StoreException">The config is missing, damaged or too large.</exception>
    public static FormatFacts Read(IBlobs files, string? artifactType, Descriptor? config, IReadOnlyList<Descriptor> layers)
    {
        if (config?.MediaType == MediaTypes.EbpfConfig)
        {
            ImageConfig said = ConfigCheck.Sanitize(Parse(files, config));
            return new FormatFacts(said.Version is null ? ImageFormat.BumbleBee : ImageFormat.Bee)
            {
                Config = said,
                Program = Object(layers),
                Platform = said is { Os: { } os, Architecture: { } architecture } ? new Platform(os, architecture) : null,
            };
        }

        if (GadgetFormat.Fits(artifactType, config, layers))
        {
            return GadgetFormat.Read(files, config, layers);
        }

        FormatFacts facts = config is not null && MediaTypes.IsContainerConfig(config.MediaType) ? BpfmanFormat.Read(files, config, layers) : new(ImageFormat.Unknown);
        return facts.Format == ImageFormat.Unknown && Object(layers) is { } program
            ? facts with { Format = program.MediaType == MediaTypes.EbpfProgram ? ImageFormat.BumbleBee : ImageFormat.Unknown, Program = program, WhyNoProgram = null }
            : facts;
    }

    private static ImageConfig Parse(IBlobs files, Descriptor config) => OciJson.Read(
        files.ReadBlob(config, StoreLimits.Manifest), OciJson.Canonical.ImageConfig, StoreFault.DamagedConfig, $"config {config.Digest}");

    private static Descriptor? Object(IReadOnlyList<Descriptor> layers) =>
        layers.FirstOrDefault(layer => layer.MediaType == MediaTypes.EbpfProgram)
            ?? layers.FirstOrDefault(layer => layer.Title?.EndsWith(".o", StringComparison.Ordinal) == true);
}

/// <summary>The formats of eBPF images. docs/image-format.md has a sample manifest of each.</summary>
public enum ImageFormat
{
    /// <summary>An unknown format.</summary>
    Unknown,

    /// <summary>Bee's format: BumbleBee's, with Bee's keys in the config.</summary>
    Bee,

    /// <summary>BumbleBee's format: an empty config, and the program as the only layer (github.com/solo-io/bumblebee, pkg/spec).</summary>
    BumbleBee,

    /// <summary>Inspektor Gadget's format: metadata in YAML as the config, and a layer with the program (inspektor-gadget.io, reference/oci-format).</summary>
    InspektorGadget,

    /// <summary>bpfman's format: a container image whose only layer contains the program, with labels (bpfman.io, "eBPF Bytecode Image Specifications").</summary>
    Bpfman,

    /// <summary>A container image that Bee built around a tool, for a container engine.</summary>
    Container,
}

/// <summary>The metadata of an image, independent of its format.</summary>
/// <param name="Format">The format.</param>
internal sealed record FormatFacts(ImageFormat Format)
{
    /// <summary>The description of the program.</summary>
    public ImageConfig Config { get; init; } = ImageConfig.Empty;

    /// <summary>The layer with the program.</summary>
    public Descriptor? Program { get; init; }

    /// <summary>The reason why there is no program.</summary>
    public string? WhyNoProgram { get; init; }

    /// <summary>The platform in the config; null for none.</summary>
    public Platform? Platform { get; init; }

    /// <summary>The date in the config; null for none.</summary>
    public string? Created { get; init; }

    /// <summary>The labels of a container image.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The metadata of an Inspektor Gadget image.</summary>
    public string? Metadata { get; init; }
}

/// <summary>
/// Reads bpfman's images: container images of any builder, with exactly one layer that contains the object, and labels that describe it (bpfman.io, "eBPF Bytecode Image Specifications"). The labels <c>io.ebpf.programs</c> and <c>io.ebpf.maps</c> are JSON objects of names
/// and types; older images have one label each for one program.
/// </summary>
internal static class BpfmanFormat
{
    private const string Prefix = "io.ebpf.";
    private const string ProgramsLabel = Prefix + "programs";
    private const string MapsLabel = Prefix + "maps";
    private const string FunctionLabel = Prefix + "bpf_function_name";
    private const string ProgramNameLabel = Prefix + "program_name";
    private const string TypeLabel = Prefix + "program_type";
    private const string SectionLabel = Prefix + "section_name";
    private const string FileLabel = Prefix + "filename";

    /// <summary>Returns the file name in the labels; null for none.</summary>
    public static string? FileName(IReadOnlyDictionary<string, string> labels) => labels.GetValueOrDefault(FileLabel) is { Length: > 0 } name ? name : null;

    /// <summary>Reads a container image's config. Without bpfman's labels its format is unknown.</summary>
    /// <exception cref="StoreException">The config is missing, damaged or too large.</exception>
    public static FormatFacts Read(IBlobs files, Descriptor config, IReadOnlyList<Descriptor> layers)
    {
        ContainerConfigDocument document = OciJson.Read(
            files.ReadBlob(config, StoreLimits.Manifest), OciJson.Canonical.ContainerConfigDocument, StoreFault.DamagedConfig, $"config {config.Digest}");
        IReadOnlyDictionary<string, string> labels = Labels(document);
        var facts = new FormatFacts(ImageFormat.Unknown)
        {
            Labels = labels,
            Created = document.Created,
            Platform = document is { Os.Length: > 0, Architecture.Length: > 0 }
                ? new PlatformDocument { Os = document.Os, Architecture = document.Architecture, Variant = document.Variant is { Length: > 0 } variant ? variant : null }.ToPlatform()
                : null,
            WhyNoProgram = "it is a container image without bpfman's labels (io.ebpf.programs and io.ebpf.maps, or io.ebpf.program_name)",
        };
        if (labels.TryGetValue(ContainerLabels.ToolDigest, out string? tool))
        {
            return facts with { Format = ImageFormat.Container, WhyNoProgram = $"it is a container around {labels.GetValueOrDefault(ContainerLabels.ToolReference) ?? tool}, which a container engine runs" };
        }

        return !labels.Keys.Any(IsMark) ? facts : facts with
        {
            Format = ImageFormat.Bpfman,
            Config = ImageConfig.Empty with { Programs = Programs(labels), Maps = [.. Pairs(labels.GetValueOrDefault(MapsLabel)).Select(map => new ImageMap { Name = map.Name, Type = map.Type })] },
            Program = layers is [var only] && LayerProgram.Reads(only.MediaType) ? only : null,
            WhyNoProgram = layers is not [var layer] ? $"it has {layers.Count} layers, but a bpfman image has exactly one"
                : LayerProgram.Reads(layer.MediaType) ? null
                : $"its layer is of the type {layer.MediaType}; Bee unpacks tar, plain or with gzip or zstd",
        };
    }

    private static bool IsMark(string label) => label is ProgramsLabel or MapsLabel or FunctionLabel or ProgramNameLabel or FileLabel;

    private static ImageProgram[] Programs(IReadOnlyDictionary<string, string> labels)
    {
        ImageProgram[] several = [.. Pairs(labels.GetValueOrDefault(ProgramsLabel)).Select(program => new ImageProgram { Name = program.Name, Type = program.Type })];
        string? name = labels.GetValueOrDefault(FunctionLabel) ?? labels.GetValueOrDefault(ProgramNameLabel);
        return several.Length > 0 || string.IsNullOrEmpty(name)
            ? several
            : [new ImageProgram { Name = name, Type = labels.GetValueOrDefault(TypeLabel), Section = labels.GetValueOrDefault(SectionLabel) }];
    }

    // Labels only describe the program, which runs without them too, so malformed ones are ignored.
    private static (string Name, string? Type)[] Pairs(string? json)
    {
        try
        {
            using var document = JsonDocument.Parse(json ?? "{}");
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? [.. document.RootElement.EnumerateObject().Select(pair => (TerminalText.Clean(pair.Name), pair.Value.ValueKind == JsonValueKind.String ? TerminalText.Clean(pair.Value.GetString()!) : null))]
                : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return [];
        }
    }

    private static IReadOnlyDictionary<string, string> Labels(ContainerConfigDocument document)
    {
        try
        {
            return Printable.Annotations((document.Config?.Labels ?? []).Select(pair =>
                KeyValuePair.Create(pair.Key, pair.Value.ValueKind == JsonValueKind.String ? pair.Value.GetString() : null)));
        }
        catch (InvalidOperationException e)
        {
            // The JSON reader detects lone surrogates only when the text is read.
            throw new StoreException(StoreFault.DamagedConfig, $"The labels of the image cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>Decompresses zstd (RFC 8878). Bee.Isolated implements it.</summary>
internal interface IZstandard
{
    /// <summary>Returns the decompressed stream. Reading throws <see cref="InvalidDataException"/> if the data is damaged, ends early, or needs a window of more than 128 MiB.</summary>
    /// <param name="compressed">Frames of zstd; closed with the result.</param>
    Stream Decompress(Stream compressed);
}

/// <summary>Finds the eBPF object in a container image's layer.</summary>
internal static class LayerProgram
{
    private const string Tar = "application/vnd.oci.image.layer.v1.tar";

    // The size of an ELF header up to and including e_machine.
    private const int MachineEnd = 20;
    private const byte BpfMachine = 247;

    /// <summary>Checks whether a layer of a media type can be unpacked.</summary>
    public static bool Reads(string mediaType) => mediaType == Tar || IsGzip(mediaType) || IsZstandard(mediaType);

    /// <summary>Unpacks the object in memory: the file that the image names, otherwise the only eBPF object in the layer.</summary>
    /// <param name="layer">The bytes of the layer, whose digest was verified.</param>
    /// <param name="mediaType">The media type.</param>
    /// <param name="fileName">The file that the image names; null for none.</param>
    /// <param name="image">The image, for messages.</param>
    /// <param name="zstandard">Decompresses zstd; null rejects layers that need it.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.BadArchive"/>; <see cref="StoreFault.TooLarge"/>; <see cref="StoreFault.NoProgram"/>:
    /// the layer contains no object, or several of which the image selects none.</exception>
    public static byte[] Unpack(byte[] layer, string mediaType, string? fileName, string image, Func<IZstandard>? zstandard)
    {
        try
        {
            return Find(layer, mediaType, fileName, image, zstandard);
        }
        catch (StoreException e) when (e.Fault is StoreFault.BadArchive)
        {
            throw new StoreException(e.Fault, $"The layer of the image '{image}': {e.Message}", e);
        }
    }

    private static byte[] Find(byte[] layer, string mediaType, string? fileName, string image, Func<IZstandard>? zstandard)
    {
        using var bytes = new MemoryStream(layer, writable: false);
        using Stream stream = IsGzip(mediaType) ? new GZipStream(bytes, CompressionMode.Decompress)
            : !IsZstandard(mediaType) ? bytes
            : zstandard?.Invoke().Decompress(bytes) ?? throw new StoreException(StoreFault.NoProgram, $"The layer of the image '{image}' is compressed with zstd, but this store was opened without a zstd decoder.");
        var reader = new ArchiveReader(stream, ArchiveLimits.Layer);
        string? wanted = fileName?.Split('/')[^1];
        (byte[]? named, byte[]? found) = (null, null);
        List<string> objects = [];
        while (reader.Next() is { } entry)
        {
            if (entry.IsDirectory)
            {
                continue;
            }

            bool isNamed = wanted is not null && named is null && entry.Name.Split('/')[^1] == wanted;
            byte[] head = Fill(reader, (int)Math.Min(entry.Size, MachineEnd), []);
            bool isObject = IsObject(head);
            if (isObject)
            {
                objects.Add(entry.Name);
            }

            if (isNamed || (isObject && objects.Count == 1))
            {
                byte[] content = entry.Size <= StoreLimits.Program ? Fill(reader, (int)entry.Size, head) : throw new StoreException(
                    StoreFault.TooLarge, $"The file '{entry.Name}' of the image '{image}' has {entry.Size} bytes, over the limit of {StoreLimits.Program} for a program.");
                (named, found) = (isNamed ? content : named, isObject ? content : found);
            }
        }

        return named ?? objects.Count switch
        {
            _ when wanted is not null => throw new StoreException(StoreFault.NoProgram, $"The layer of the image '{image}' does not contain the file '{TerminalText.Clean(wanted)}', which its label names."),
            0 => throw new StoreException(StoreFault.NoProgram, $"The layer of the image '{image}' contains no eBPF object."),
            1 => found!,
            _ => throw new StoreException(
                StoreFault.NoProgram, $"The layer of the image '{image}' has several eBPF objects ({string.Join(", ", objects.Take(8))}), and the label io.ebpf.filename, which selects one, is missing."),
        };
    }

    private static bool IsGzip(string mediaType) =>
        mediaType is Tar + "+gzip" or "application/vnd.docker.image.rootfs.diff.tar.gzip";

    private static bool IsZstandard(string mediaType) =>
        mediaType is Tar + "+zstd" or "application/vnd.docker.image.rootfs.diff.tar.zstd";

    private static bool IsObject(ReadOnlySpan<byte> head) =>
        head.Length == MachineEnd && head.StartsWith("\u007fELF"u8) && head[5] switch
        {
            1 => head[18] == BpfMachine && head[19] == 0,
            2 => head[18] == 0 && head[19] == BpfMachine,
            _ => false,
        };

    private static byte[] Fill(ArchiveReader reader, int size, byte[] head)
    {
        byte[] content = new byte[size];
        head.CopyTo(content, 0);
        for (int filled = head.Length; filled < size;)
        {
            filled += reader.Read(content.AsSpan(filled));
        }

        return content;
    }
}

/// <summary>
/// Reads Inspektor Gadget's images: an index with a manifest for each platform. The config is YAML. The media type identifies each layer: the eBPF object, and at most
/// one each of WebAssembly and of BTF for kernels without their own (inspektor-gadget.io, reference/oci-format). Older images have no artifactType, and possibly an
/// empty config.
/// </summary>
internal static class GadgetFormat
{
    // The metadata of real gadgets has a few KiB. It stays in memory as long as the Image.
    private const int LongestMetadata = 256 << 10;

    /// <summary>Checks whether an image has this format.</summary>
    public static bool Fits(string? artifactType, Descriptor? config, IReadOnlyList<Descriptor> layers) =>
        artifactType == MediaTypes.GadgetArtifact || config?.MediaType == MediaTypes.GadgetConfig || layers.Any(IsProgram);

    /// <summary>Reads the config.</summary>
    public static FormatFacts Read(IBlobs files, Descriptor? config, IReadOnlyList<Descriptor> layers)
    {
        Descriptor[] programs = [.. layers.Where(IsProgram)];
        return new FormatFacts(ImageFormat.InspektorGadget)
        {
            Program = programs is [var only] ? only : null,
            WhyNoProgram = programs.Length == 1 ? null
                : $"it has {programs.Length} layers of the type {MediaTypes.GadgetProgram}, but an Inspektor Gadget image has exactly one",
            Metadata = config?.MediaType == MediaTypes.GadgetConfig ? TerminalText.CleanLines(Encoding.UTF8.GetString(files.ReadBlob(config, LongestMetadata))) : null,
        };
    }

    /// <summary>
    /// Returns the value of a top-level key if it is plain or quoted text on one line, which suffices for a name and a description. Other YAML is not
    /// parsed here.
    /// </summary>
    /// <returns>The text; null for none.</returns>
    public static string? Value(string? metadata, string key)
    {
        foreach (string line in metadata?.Split('\n') ?? [])
        {
            if (!line.StartsWith(key, StringComparison.Ordinal) || !line.AsSpan(key.Length).StartsWith(": "))
            {
                continue;
            }

            string value = line[(key.Length + 2)..].Trim();
            bool isQuoted = value.Length > 1 && value[0] is '"' or '\'' && value[^1] == value[0];
            bool isOther = value.Length == 0 || "\"'|>&*!{[%@`#".Contains(value[0], StringComparison.Ordinal);
            return isQuoted ? value[1..^1] : isOther ? null : value;
        }

        return null;
    }

    private static bool IsProgram(Descriptor layer) => layer.MediaType == MediaTypes.GadgetProgram;
}
