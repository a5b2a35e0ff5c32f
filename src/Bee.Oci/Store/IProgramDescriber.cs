using Bee.Oci.Formats;

namespace Bee.Oci.Store;

/// <summary>Describes the programs of images that do not describe them themselves, as Inspektor Gadget's do not: out of the object.</summary>
public interface IProgramDescriber
{
    /// <summary>What a program has in it. Safe to call on any thread.</summary>
    /// <param name="program">The eBPF object; any bytes.</param>
    /// <param name="metadata">What the image says about it, in its own format; null for nothing.</param>
    /// <returns>The description; <see cref="ImageConfig.Empty"/> where the bytes are no object.</returns>
    ImageConfig Describe(byte[] program, string? metadata);
}
