namespace Bee.Oci.Formats;

/// <summary>A stream that is exactly as long as its descriptor says, and throws at its end, before the last bytes are given, where the digest is another.</summary>
internal interface IDigestChecked
{
    /// <summary>What the content was compared with.</summary>
    string Digest { get; }
}
