using System.Text;
using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>
/// Inspektor Gadget's images: an index with a manifest a platform, whose config is YAML and whose layers are told apart by media type: the
/// eBPF object, and at most one each of WebAssembly and of BTF for kernels without their own (inspektor-gadget.io, reference/oci-format).
/// Older ones have no artifactType, and may have a config that is empty.
/// </summary>
internal static class GadgetFormat
{
    // Inspektor Gadget's largest is a few KiB; it is held in memory for as long as the image is.
    private const int LongestMetadata = 256 << 10;

    /// <summary>Whether it is one of these.</summary>
    public static bool Fits(string? artifactType, Descriptor? config, IReadOnlyList<Descriptor> layers) =>
        artifactType == MediaTypes.GadgetArtifact || config?.MediaType == MediaTypes.GadgetConfig || layers.Any(IsProgram);

    /// <summary>Reads what its config says.</summary>
    public static FormatFacts Read(IBlobs files, Descriptor? config, IReadOnlyList<Descriptor> layers)
    {
        Descriptor[] programs = [.. layers.Where(IsProgram)];
        return new FormatFacts(ImageFormat.InspektorGadget)
        {
            Program = programs is [var only] ? only : null,
            WhyNoProgram = programs.Length == 1 ? null
                : $"it has {programs.Length} layers of the type {MediaTypes.GadgetProgram}, and an image of Inspektor Gadget's has exactly one",
            Metadata = config?.MediaType == MediaTypes.GadgetConfig ? TerminalText.CleanLines(Encoding.UTF8.GetString(files.ReadBlob(config, LongestMetadata))) : null,
        };
    }

    /// <summary>
    /// The value of a key that stands at the beginning of a line, where it is plain or quoted text on that line: enough for a name and a description. What
    /// YAML can do beyond that is not read here.
    /// </summary>
    /// <returns>The text; null where there is none.</returns>
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
