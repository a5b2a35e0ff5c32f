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
        Dictionary<string, string?> annotations = DescriptorDocument.Sorted(Annotations);
        Manifest = OciJson.Write(
            new ManifestDocument
            {
                MediaType = MediaTypes.ImageManifest,
                Config = Titled(MediaTypes.EbpfConfig, Config, ConfigTitle),
                Layers = [Titled(MediaTypes.EbpfProgram, Program, ProgramTitle)],
                Annotations = annotations.Count == 0 ? null : annotations,
            },
            OciJson.Canonical.ManifestDocument);
        if (Manifest.Length > StoreLimits.Manifest)
        {
            throw new StoreException(StoreFault.BadContent, $"The image's manifest has {Manifest.Length} bytes; {StoreLimits.Manifest} are the limit.");
        }

        Descriptor = new Descriptor(MediaTypes.ImageManifest, ContentDigest.Of(Manifest).ToString(), Manifest.Length) { Platform = content.Platform };
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

    private static DescriptorDocument Titled(string mediaType, byte[] content, string title) => new()
    {
        MediaType = mediaType,
        Digest = ContentDigest.Of(content).ToString(),
        Size = content.Length,
        Annotations = new() { [AnnotationKeys.Title] = title },
    };

    private static Dictionary<string, string> Given(ImageContent content)
    {
        var annotations = new Dictionary<string, string>(content.Annotations);
        Put(AnnotationKeys.Authors, content.Authors);
        Put(AnnotationKeys.Description, content.Description);
        Put(AnnotationKeys.Licenses, content.License);
        Put(AnnotationKeys.Source, content.Source);
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
