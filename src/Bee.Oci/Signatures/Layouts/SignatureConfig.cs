using System.Text.Json.Serialization;

namespace Bee.Oci.Signatures.Layouts;

/// <summary>The config of an image of signatures: cosign reads it as that of a container image, so it lists the layers.</summary>
internal sealed class SignatureConfig
{
    [JsonPropertyName("architecture")]
    public string Architecture { get; set; } = "";

    [JsonPropertyName("created")]
    public string Created { get; set; } = "0001-01-01T00:00:00Z";

    [JsonPropertyName("os")]
    public string Os { get; set; } = "";

    [JsonPropertyName("rootfs")]
    public SignatureLayers Layers { get; set; } = new();

    [JsonPropertyName("config")]
    public Dictionary<string, string> Config { get; set; } = [];
}

/// <summary>The layers' digests; nothing is compressed, so they are those of the content.</summary>
internal sealed class SignatureLayers
{
    [JsonPropertyName("type")]
    public string Type { get; set; } = "layers";

    [JsonPropertyName("diff_ids")]
    public List<string> Digests { get; set; } = [];
}
