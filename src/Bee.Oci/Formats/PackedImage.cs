using System.Globalization;

namespace Bee.Oci.Formats;

/// <summary>
/// Packs an eBPF image in BumbleBee's format: an artifact whose config has the title <c>config.json</c> and whose only layer has the title
/// <c>program.o</c>; BumbleBee finds both by title. The bytes do not depend on time or machine.
/// </summary>
internal sealed class PackedImage
{
    private const string ConfigTitle = "config.json";
    private const string ProgramTitle = "program.o";
    private const string DateVariable = "SOURCE_DATE_EPOCH";

    private PackedImage(ImageContent content)
    {
        Program = content.Program;
        Config = OciJson.Write(
            content.Config with { Os = content.Config.Os ?? content.Platform.Os, Architecture = content.Config.Architecture ?? content.Platform.Architecture },
            OciJson.Canonical.ImageConfig);
        if (Config.Length > StoreLimits.Manifest)
        {
            throw new StoreException(StoreFault.BadContent, $"The image's config has {Config.Length} bytes, over the limit of {StoreLimits.Manifest}.");
        }

        Annotations = Given(content);
        var packed = PackedArtifact.From(new ArtifactContent
        {
            Config = Titled(MediaTypes.EbpfConfig, Config, ConfigTitle),
            Layers = [Titled(MediaTypes.EbpfProgram, Program, ProgramTitle)],
            Annotations = Annotations,
        });
        Manifest = packed.Manifest;
        Descriptor = packed.Descriptor with { Platform = content.Platform };
    }

    /// <summary>The manifest's bytes.</summary>
    public byte[] Manifest { get; }

    /// <summary>The config's bytes.</summary>
    public byte[] Config { get; }

    /// <summary>The program's bytes.</summary>
    public byte[] Program { get; }

    /// <summary>The manifest's annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; }

    /// <summary>The descriptor of the manifest.</summary>
    public Descriptor Descriptor { get; }

    /// <summary>Packs an image.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.BadContent"/>.</exception>
    public static PackedImage From(ImageContent content) => content.Program.Length switch
    {
        0 => throw new StoreException(StoreFault.BadContent, "The program is empty."),
        > StoreLimits.Program => throw new StoreException(
            StoreFault.BadContent, $"The program has {content.Program.Length} bytes, over the limit of {StoreLimits.Program}."),
        _ => new PackedImage(content),
    };

    /// <summary>Formats a date in UTC (RFC 3339).</summary>
    public static string Date(DateTimeOffset date) =>
        date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    private static ArtifactBlob Titled(string mediaType, byte[] content, string title) =>
        new(mediaType, content) { Annotations = new Dictionary<string, string> { [AnnotationKeys.Title] = title } };

    private static Dictionary<string, string> Given(ImageContent content)
    {
        var annotations = new Dictionary<string, string>(content.Annotations);
        Put(AnnotationKeys.Title, content.Title);
        Put(AnnotationKeys.Authors, content.Authors);
        Put(AnnotationKeys.Description, content.Description);
        Put(AnnotationKeys.Licenses, content.License);
        Put(AnnotationKeys.Source, content.Source);
        Put(AnnotationKeys.Url, content.Url);
        Put(AnnotationKeys.Documentation, content.Documentation);
        Put(AnnotationKeys.Revision, content.Revision);
        Put(AnnotationKeys.Created, (content.Created ?? SourceDate()) is { } date ? Date(date) : null);
        return annotations;

        void Put(string key, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                annotations[key] = value;
            }
        }
    }

    /// <summary>Returns the date of SOURCE_DATE_EPOCH for reproducible builds (reproducible-builds.org); null if it is not set.</summary>
    internal static DateTimeOffset? SourceDate()
    {
        string? text = Environment.GetEnvironmentVariable(DateVariable);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        // The limit is the last second of the year 9999, the latest date of .NET and RFC 3339.
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds <= 253402300799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new StoreException(StoreFault.BadContent, $"{DateVariable} is '{text}'; it must be a number of seconds since 1970.");
    }
}

/// <summary>An image for several platforms: an index with one manifest for each (OCI image specification, image-index.md).</summary>
internal sealed class PackedIndex
{
    private PackedIndex(IReadOnlyList<PackedImage> images, byte[] index)
    {
        Images = images;
        Index = index;
        Descriptor = new Descriptor(MediaTypes.ImageIndex, Digest.Of(index), index.Length);
    }

    /// <summary>The images, in the order of the index.</summary>
    public IReadOnlyList<PackedImage> Images { get; }

    /// <summary>The index's bytes.</summary>
    public byte[] Index { get; }

    /// <summary>The descriptor of the index.</summary>
    public Descriptor Descriptor { get; }

    /// <summary>Packs an image for several platforms. The index gets the annotations that all manifests share.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.BadContent"/>: a content is invalid, or two have one platform.</exception>
    public static PackedIndex From(IReadOnlyList<ImageContent> contents)
    {
        if (contents.GroupBy(content => content.Platform).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new StoreException(StoreFault.BadContent, $"An image contains one program per platform, but {twice.Count()} programs are for {twice.Key}.");
        }

        PackedImage[] images = [.. contents.Select(PackedImage.From)];
        IEnumerable<KeyValuePair<string, string>> common = images[0].Annotations.Where(pair => images.All(image => image.Annotations.Contains(pair)));
        Dictionary<string, string?> annotations = DescriptorDocument.Sorted(common);
        byte[] index = OciJson.Write(
            new ManifestDocument
            {
                MediaType = MediaTypes.ImageIndex,
                Manifests = [.. images.Select(image => DescriptorDocument.From(image.Descriptor))],
                Annotations = annotations.Count == 0 ? null : annotations,
            },
            OciJson.Canonical.ManifestDocument);
        return new PackedIndex(images, index);
    }
}

/// <summary>The content of an eBPF image. The same content always has the same digest.</summary>
public sealed record ImageContent
{
    /// <summary>The compiled eBPF object (ELF).</summary>
    public required byte[] Program { get; init; }

    /// <summary>The description of the program.</summary>
    public ImageConfig Config { get; init; } = new();

    /// <summary>The platform, for the index entry, and for the config's <c>os</c> and <c>architecture</c> if those are unset.</summary>
    public Platform Platform { get; init; } = Platform.Host;

    /// <summary>The title.</summary>
    public string? Title { get; init; }

    /// <summary>The authors.</summary>
    public string? Authors { get; init; }

    /// <summary>The description.</summary>
    public string? Description { get; init; }

    /// <summary>SPDX licence expression.</summary>
    public string? License { get; init; }

    /// <summary>URL of the source.</summary>
    public string? Source { get; init; }

    /// <summary>URL of the project.</summary>
    public string? Url { get; init; }

    /// <summary>URL of the documentation.</summary>
    public string? Documentation { get; init; }

    /// <summary>Revision of the source.</summary>
    public string? Revision { get; init; }

    /// <summary>
    /// The date in the manifest. If it is null, the environment's <c>SOURCE_DATE_EPOCH</c> is used; without that the manifest has no date, so that the
    /// digest does not depend on the time, and the store records the date of storing beside the image.
    /// </summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Additional annotations of the manifest. The properties above take precedence.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}
