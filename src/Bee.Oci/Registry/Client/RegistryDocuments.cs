using System.Text.Json.Serialization.Metadata;
using Bee.Oci.Formats;

namespace Bee.Oci.Registry.Client;

/// <summary>Reading of what registries answer.</summary>
internal static class RegistryDocuments
{
    /// <summary>Reads a document.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadAnswer"/>: it is not what it should be.</exception>
    public static T Read<T>(ReadOnlySpan<byte> content, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return OciJson.Read(content, type, StoreFault.DamagedManifest, what);
        }
        catch (StoreException e)
        {
            throw new RegistryException(RegistryFault.BadAnswer, e.Message, e);
        }
    }
}
