using Bee.Posix;

namespace Bee.Oci.Signatures.Keys;

/// <summary>What is wrong with a key, or stops an image from being signed. Stable: error ids are made of the names.</summary>
public enum SignatureFault
{
    /// <summary>The key cannot be read: no PEM, damaged, or of a kind that is no such key (a private key where a public one is wanted).</summary>
    BadKey,

    /// <summary>The key is sound, and of an algorithm or size that Bee does not use.</summary>
    UnsupportedKey,

    /// <summary>The private key is encrypted and no password was given.</summary>
    PasswordNeeded,

    /// <summary>The password does not open the private key, or the key's file was changed.</summary>
    WrongPassword,

    /// <summary>What stands where the signature goes is nothing that a signature can be added to.</summary>
    BadSignatureImage,
}

/// <summary>A key cannot be used, or an image not be signed. Holds no secret.</summary>
public sealed class SignatureException : BeeException
{
    /// <summary>Makes one.</summary>
    public SignatureException(SignatureFault fault, string message, Exception? inner = null)
        : base($"Signature.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>What went wrong.</summary>
    public SignatureFault Fault { get; }
}
