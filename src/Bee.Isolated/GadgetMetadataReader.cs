using Bee.Toolchain.Manifest;

namespace Bee.Isolated;

/// <summary>Reads the metadata of Inspektor Gadget's images, leniently: its own tool knows more keys with each version.</summary>
public sealed class GadgetMetadataReader : IGadgetMetadataReader
{
    /// <inheritdoc/>
    GadgetMetadata IGadgetMetadataReader.Read(string path, string text) => YamlText.Load(path, text) is [{ RootNode: var root }, ..] ? new GadgetDocument(path).Read(root) : new GadgetMetadata();
}
