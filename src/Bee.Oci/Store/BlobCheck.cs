using Bee.Oci.Formats;

namespace Bee.Oci.Store;

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

/// <summary>A piece of an image, and whether it is what its digest says.</summary>
/// <param name="Role">What it is.</param>
/// <param name="Descriptor">Its digest and length, as the image has them.</param>
/// <param name="Fault">What is wrong with it: missing, of another digest or length, not readable; null for a sound one.</param>
public sealed record BlobCheck(BlobRole Role, Descriptor Descriptor, StoreException? Fault);
