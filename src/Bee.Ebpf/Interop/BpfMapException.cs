using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>An entry of a map could not be set or removed. The message names the map and says what is wrong.</summary>
public sealed class BpfMapException : BeeException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="fault">The kind of failure.</param>
    /// <param name="map">The map's name.</param>
    /// <param name="message">What is wrong, as a sentence.</param>
    /// <param name="remedy">What to do about it; null if nothing is known to help.</param>
    /// <param name="errno">The kernel's error number, positive; 0 where the kernel was not asked.</param>
    public BpfMapException(MapFault fault, string map, string message, string? remedy = null, int errno = 0)
        : base($"MapEntry.{fault}", message, remedy)
    {
        Fault = fault;
        Map = map;
        Errno = errno;
    }

    /// <summary>The kind of failure.</summary>
    public MapFault Fault { get; }

    /// <summary>The map's name.</summary>
    public string Map { get; }

    /// <summary>The kernel's error number, positive; 0 where the kernel was not asked.</summary>
    public int Errno { get; }
}

/// <summary>Why an entry could not be set or removed.</summary>
public enum MapFault
{
    /// <summary>None of the below; the message says what is known.</summary>
    Other,

    /// <summary>A value is of the wrong kind, or out of its field's range.</summary>
    BadValue,

    /// <summary>A key is of the wrong kind, or out of the array's range.</summary>
    BadKey,

    /// <summary>A field is named that neither key nor value has.</summary>
    UnknownField,

    /// <summary>The key, a field of it, or the value was not given.</summary>
    MissingField,

    /// <summary>The same thing was given twice, and differently.</summary>
    Ambiguous,

    /// <summary>The map has no such key.</summary>
    NotFound,

    /// <summary>The key is there already, and only new ones were to be set.</summary>
    Exists,

    /// <summary>No further entry fits.</summary>
    Full,

    /// <summary>The map is frozen, or was made for reading only.</summary>
    ReadOnly,

    /// <summary>Maps of this kind do not do that.</summary>
    Unsupported,

    /// <summary>This process lacks a capability.</summary>
    NoPermission,
}
