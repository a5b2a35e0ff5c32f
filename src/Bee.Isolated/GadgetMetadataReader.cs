using Bee.Toolchain.Manifest;

namespace Bee.Isolated;

/// <summary>Reads the metadata of Inspektor Gadget's images. Unknown keys are ignored, because newer versions of ig add keys.</summary>
public sealed class GadgetMetadataReader : IGadgetMetadataReader
{
    /// <inheritdoc/>
    GadgetMetadata IGadgetMetadataReader.Read(string path, string text) => YamlText.Load(path, text) is [{ RootNode: var root }, ..] ? new GadgetDocument(path).Read(root) : new GadgetMetadata();
}
