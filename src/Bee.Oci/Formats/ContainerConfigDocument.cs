using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bee.Oci.Formats;

/// <summary>The config of a container image as it stands in a file, as far as it matters here (OCI Image Specification 1.1, config.md).</summary>
internal sealed class ContainerConfigDocument
{
    [JsonPropertyName("architecture")]
    public string? Architecture { get; set; }

    [JsonPropertyName("os")]
    public string? Os { get; set; }

    [JsonPropertyName("variant")]
    public string? Variant { get; set; }

    [JsonPropertyName("created")]
    public string? Created { get; set; }

    [JsonPropertyName("config")]
    public ExecutionDocument? Config { get; set; }

    /// <summary>How a container is run; here only a place for labels.</summary>
    internal sealed class ExecutionDocument
    {
        [JsonPropertyName("Labels")]
        public Dictionary<string, JsonElement>? Labels { get; set; }
    }
}
