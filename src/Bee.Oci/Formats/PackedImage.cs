using System.Globalization;

namespace Bee.Oci.Formats;

/// <summary>
/// An image made of its content, in BumbleBee's format: a manifest whose config is titled <c>config.json</c> and whose one layer is titled
/// <c>program.o</c>; BumbleBee finds both by these titles. Nothing in the bytes depends on when or where they are made.
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
            throw new StoreException(StoreFault.BadContent, $"The image's config has {Config.Length} bytes; {StoreLimits.Manifest} are the limit.");
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
            StoreFault.BadContent, $"The program has {content.Program.Length} bytes; {StoreLimits.Program} are the limit."),
        _ => new PackedImage(content),
    };

    /// <summary>A date as RFC 3339 has it, in UTC.</summary>
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

    /// <summary>The date that whoever builds reproducibly sets (reproducible-builds.org); null if it is not set.</summary>
    internal static DateTimeOffset? SourceDate()
    {
        string? text = Environment.GetEnvironmentVariable(DateVariable);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        // The limit is the last second of the year 9999, beyond which neither .NET nor RFC 3339 has dates.
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds <= 253402300799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new StoreException(StoreFault.BadContent, $"{DateVariable} is '{text}'; it must be a number of seconds since 1970.");
    }
}

/// <summary>An image for several platforms: an index of one manifest a platform (OCI image specification, image-index.md).</summary>
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

    /// <summary>Packs an image for several platforms; the index has the annotations that all of them have.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.BadContent"/>: one cannot be packed, or two are for one platform.</exception>
    public static PackedIndex From(IReadOnlyList<ImageContent> contents)
    {
        if (contents.GroupBy(content => content.Platform).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new StoreException(StoreFault.BadContent, $"An image has one program a platform, and there are {twice.Count()} for {twice.Key}.");
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

/// <summary>What goes into an image. The same content always gives the same digest.</summary>
public sealed record ImageContent
{
    /// <summary>The compiled eBPF object (ELF).</summary>
    public required byte[] Program { get; init; }

    /// <summary>What the image says about it.</summary>
    public ImageConfig Config { get; init; } = new();

    /// <summary>The platform it is for; goes into the index entry and into the config's <c>os</c> and <c>architecture</c> if those are unset.</summary>
    public Platform Platform { get; init; } = Platform.Host;

    /// <summary>Its name, for people.</summary>
    public string? Title { get; init; }

    /// <summary>Who is responsible for it.</summary>
    public string? Authors { get; init; }

    /// <summary>What it does, for people.</summary>
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
    /// A date for the manifest. Null (the default) takes the environment's <c>SOURCE_DATE_EPOCH</c>, and without that the manifest
    /// has no date, so that the digest does not change with the time; the store then keeps the time of adding beside the image.
    /// </summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Further annotations of the manifest; the properties above win over the same key in here.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}
