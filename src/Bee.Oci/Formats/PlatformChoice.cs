namespace Bee.Oci.Formats;

/// <summary>Which manifest of an index is for a machine.</summary>
public static class PlatformChoice
{
    /// <summary>The manifest for a platform.</summary>
    /// <param name="manifests">The entries of an index, in its order.</param>
    /// <param name="wanted">The machine's platform.</param>
    /// <returns>
    /// The one of the same system, architecture and variant; else of the same architecture, first one that names no variant, for such fits
    /// all of them. One that names no platform at all is taken when it stands alone. Null where none fits.
    /// </returns>
    public static Descriptor? For(IEnumerable<Descriptor> manifests, Platform wanted)
    {
        Descriptor[] all = [.. manifests];
        Descriptor[] fit = [.. all.Where(manifest => manifest.Platform is { } platform && Fits(platform, wanted))];
        return fit.FirstOrDefault(manifest => manifest.Platform!.Variant == wanted.Variant)
            ?? fit.FirstOrDefault(manifest => manifest.Platform!.Variant is null)
            ?? fit.FirstOrDefault()
            ?? (all is [{ Platform: null } only] ? only : null);
    }

    /// <summary>Whether a program for one platform runs on another: system and architecture are the same, and with that the byte order. A variant
    /// says which instructions a processor has, and the kernel compiles eBPF to those that it finds.</summary>
    public static bool Fits(Platform built, Platform machine) => built.Os == machine.Os && built.Architecture == machine.Architecture;
}
