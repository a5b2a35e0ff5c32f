namespace Bee.Oci.Formats;

/// <summary>What goes into an image. The same content always gives the same digest.</summary>
public sealed record ImageContent
{
    /// <summary>The compiled eBPF object (ELF).</summary>
    public required byte[] Program { get; init; }

    /// <summary>What the image says about it.</summary>
    public ImageConfig Config { get; init; } = new();

    /// <summary>The platform it is for; goes into the index entry and into the config's <c>os</c> and <c>architecture</c> if those are unset.</summary>
    public Platform Platform { get; init; } = Platform.Host;

    /// <summary>Who is responsible for it.</summary>
    public string? Authors { get; init; }

    /// <summary>What it does, for people.</summary>
    public string? Description { get; init; }

    /// <summary>SPDX licence expression.</summary>
    public string? License { get; init; }

    /// <summary>URL of the source.</summary>
    public string? Source { get; init; }

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
