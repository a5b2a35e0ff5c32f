namespace Bee.Oci.Signatures.Layouts;

/// <summary>Media types, annotations and names that cosign's layouts use, and what may be read of them.</summary>
internal static class SignatureMedia
{
    /// <summary>A layer: the payload of a simple signing.</summary>
    public const string SimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json";

    /// <summary>On such a layer's descriptor: the signature over the payload, in base64.</summary>
    public const string SignatureAnnotation = "dev.cosignproject.cosign/signature";

    /// <summary>The config (and so the artifact type) of a referrer with simple-signing layers.</summary>
    public const string SignatureArtifact = "application/vnd.dev.cosign.artifact.sig.v1+json";

    /// <summary>The config of the image under the signature's tag.</summary>
    public const string ImageConfig = "application/vnd.oci.image.config.v1+json";

    /// <summary>A layer, and the artifact type of its manifest: a Sigstore bundle.</summary>
    public const string Bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";

    /// <summary>How version 0.3 of the bundle was spelled first.</summary>
    public const string OlderBundle = "application/vnd.dev.sigstore.bundle+json;version=0.3";

    /// <summary>What all versions of the bundle begin with.</summary>
    public const string AnyBundle = "application/vnd.dev.sigstore.bundle";

    /// <summary>A config that says nothing (OCI image specification 1.1).</summary>
    public const string Empty = "application/vnd.oci.empty.v1+json";

    /// <summary>The payload of the bundle's envelope: an in-toto statement.</summary>
    public const string Statement = "application/vnd.in-toto+json";

    /// <summary>The statement's predicate type for a signature; other types are attestations, which say something else of the image.</summary>
    public const string SignPredicate = "https://sigstore.dev/cosign/sign/v1";

    /// <summary>The most bytes of a payload or a bundle. Real ones have a few kilobytes.</summary>
    public const int LargestPayload = 1 << 20;

    /// <summary>The most referrers that are read, and the most signatures of all together.</summary>
    public const int Most = 256;
}
