namespace Bee.Oci.Signatures.Layouts;

/// <summary>How a key-based signature of cosign lies beside its image.</summary>
public enum SignatureLayout
{
    /// <summary>An image under the tag <c>sha256-….sig</c>, each of whose layers is a simple-signing payload with its signature as an annotation (cosign's
    /// Signature Specification). What cosign 1 and 2 write; cosign 3 reads it too.</summary>
    Tag,

    /// <summary>The same payload in a manifest whose <c>subject</c> is the image, found as a referrer (OCI 1.1; experimental in cosign).</summary>
    Referrer,

    /// <summary>A Sigstore bundle v0.3 with a DSSE envelope around an in-toto statement, in a manifest whose <c>subject</c> is the image. What cosign 3
    /// writes. It names the image by its digest alone, and says nothing of where the image lies.</summary>
    Bundle,
}
