using Bee.Posix;

namespace Bee.Oci.Trust;

/// <summary>Why an image is not trusted. Stable: error ids are made of the names.</summary>
public enum TrustFault
{
    /// <summary>A policy says that images of this name are not taken.</summary>
    Denied,

    /// <summary>No signature by one of the keys is valid for it, and no rule has its digest.</summary>
    NotVerified,

    /// <summary>A signature was asked for, and there is no key to verify it with.</summary>
    NoKey,

    /// <summary>A signature was asked for of something that can have none: a file, or an image without a name.</summary>
    Unverifiable,

    /// <summary>A policy cannot be read, is not what it should be, or could have been written by somebody else.</summary>
    BadPolicy,
}

/// <summary>An image is not trusted; it is neither stored nor run.</summary>
public sealed class TrustException : BeeException
{
    /// <summary>Makes one.</summary>
    public TrustException(TrustFault fault, string message, Exception? inner = null)
        : base($"Trust.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>What is missing.</summary>
    public TrustFault Fault { get; }

    /// <summary>The policy's file, for <see cref="TrustFault.BadPolicy"/> and <see cref="TrustFault.Denied"/>; otherwise null.</summary>
    public string? Policy { get; init; }

    /// <summary>The line in it, from 1; 0 where it is about no place.</summary>
    public int Line { get; init; }

    /// <summary>The column in it, in characters from 1; 0 where it is about no place.</summary>
    public int Column { get; init; }
}
