using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Bee.Oci.Json;

namespace Bee.Oci.Registry.Client;

/// <summary>A page of tags (OCI Distribution Specification 1.1, "Listing Tags").</summary>
internal sealed class TagListDocument
{
    [JsonPropertyName("tags")]
    public List<string?>? Tags { get; set; }
}

/// <summary>A page of repositories (the distribution project's HTTP API, "Listing Repositories").</summary>
internal sealed class CatalogDocument
{
    [JsonPropertyName("repositories")]
    public List<string?>? Repositories { get; set; }
}

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
