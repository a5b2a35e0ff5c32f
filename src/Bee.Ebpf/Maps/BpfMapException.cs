using Bee.Posix;

namespace Bee.Ebpf;

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
