using Bee.Toolchain;

namespace Bee.Isolated;

/// <summary>Reads the metadata of Inspektor Gadget's images, leniently: its own tool knows more keys with each version.</summary>
public sealed class GadgetMetadataReader : IGadgetMetadataReader
{
    /// <inheritdoc/>
    public GadgetMetadata Read(string text) => YamlText.Load(GadgetDocument.Name, text) is [{ RootNode: var root }, ..] ? new GadgetDocument().Read(root) : new GadgetMetadata();
}
