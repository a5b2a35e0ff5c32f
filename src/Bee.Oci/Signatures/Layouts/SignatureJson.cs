using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Signatures.Layouts;

/// <summary>The JSON of signatures, read and written by generated code.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SimpleSigningPayload))]
[JsonSerializable(typeof(SigstoreBundle))]
[JsonSerializable(typeof(Statement))]
[JsonSerializable(typeof(SignatureConfig))]
internal sealed partial class SignatureJson : JsonSerializerContext
{
    /// <summary>The context that writes deterministically.</summary>
    public static SignatureJson Canonical { get; } = new(new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = CanonicalEncoder.Instance,
    });

    /// <summary>Reads a document that anyone may have written.</summary>
    /// <exception cref="UnusableSignatureException">It is not that.</exception>
    public static T Read<T>(byte[] content, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return OciJson.Read(content, type, StoreFault.DamagedManifest, what);
        }
        catch (StoreException e)
        {
            throw new UnusableSignatureException(TerminalText.Clean(e.Message));
        }
    }
}
