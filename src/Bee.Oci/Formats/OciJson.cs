using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Bee.Oci.Formats;

/// <summary>Reading and writing of every JSON that Bee.Oci knows, by generated code: nothing to warm up, the same bytes each time.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ManifestDocument))]
[JsonSerializable(typeof(PlatformDocument))]
[JsonSerializable(typeof(LayoutDocument))]
[JsonSerializable(typeof(ImageConfig))]
[JsonSerializable(typeof(ContainerConfigDocument))]
[JsonSerializable(typeof(TagListDocument))]
[JsonSerializable(typeof(CatalogDocument))]
internal sealed partial class OciJson : JsonSerializerContext
{
    /// <summary>The context that writes deterministically.</summary>
    public static OciJson Canonical { get; } = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = CanonicalEncoder.Instance,
    });

    /// <summary>The bytes of a document.</summary>
    public static byte[] Write<T>(T document, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(document, type);

    /// <summary>Reads a document that anyone may have written.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="type">What to read.</param>
    /// <param name="fault">The fault to throw with when it is not that.</param>
    /// <param name="what">What it is, for the message.</param>
    public static T Read<T>(ReadOnlySpan<byte> content, JsonTypeInfo<T> type, StoreFault fault, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(content, type)
                ?? throw new StoreException(fault, $"The {what} is JSON's null.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException or FormatException or ArgumentException)
        {
            // Beside JsonException the reader throws the others on some malformed text, such as a lone surrogate in a key.
            throw new StoreException(fault, $"The {what} cannot be read: {e.Message}", e);
        }
    }
}
