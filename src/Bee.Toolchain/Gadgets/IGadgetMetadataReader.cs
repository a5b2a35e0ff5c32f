namespace Bee.Toolchain;

/// <summary>Reads a <see cref="GadgetMetadata"/>. Get one from <see cref="Isolated.Create{T}"/>.</summary>
public interface IGadgetMetadataReader
{
    /// <summary>Reads the metadata of an Inspektor Gadget image. What it does not know, and what has another type than it should, is passed over.</summary>
    /// <param name="path">What the text is called in messages: the file that it is from.</param>
    /// <param name="text">The YAML text, as long as an image may have it.</param>
    /// <exception cref="ManifestException">It is no YAML, or says more than any program has parts.</exception>
    GadgetMetadata Read(string path, string text);
}
