using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>Describes an Inspektor Gadget image's program by its object and the image's metadata.</summary>
internal sealed class GadgetDescriber : IProgramDescriber
{
    // To tell a default takes milliseconds, and listing images should not take minutes because somebody made one with a hundred thousand.
    private const int MostParameters = 500;

    /// <inheritdoc/>
    public ImageConfig Describe(byte[] program, string? metadata)
    {
        try
        {
            var file = ObjectFile.Parse(program, "program");
            if (file.Parameters.Count > MostParameters)
            {
                return ImageConfig.Empty;
            }

            return ImageConfigs.Describe(file.WithMetadata(Words(metadata, file)), new BuildFacts()) with { Version = null, Build = null };
        }
        catch (BpfObjectException)
        {
            // Whoever runs it is told what is wrong with it.
            return ImageConfig.Empty;
        }
    }

    private static ObjectMetadata Words(string? metadata, ObjectFile file)
    {
        try
        {
            return metadata is null ? ObjectMetadata.None : Isolated.Create<IGadgetMetadataReader>().Read("metadata", metadata).Of(file);
        }
        catch (ManifestException)
        {
            return ObjectMetadata.None;
        }
    }
}
