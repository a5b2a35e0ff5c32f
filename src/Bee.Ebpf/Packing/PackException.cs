using Bee.Posix;

namespace Bee.Ebpf.Packing;

/// <summary>The exception for events that cannot be packed or unpacked.</summary>
internal sealed class PackException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="message">The message.</param>
    /// <param name="remedy">The remedy; null if none is known.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    public PackException(PackFault fault, string message, string? remedy = null, Exception? inner = null)
        : base($"PackedEvents.{fault}", message, remedy, inner) => Fault = fault;

    /// <summary>The fault.</summary>
    public PackFault Fault { get; }

    internal static PackException Damaged(string what, Exception? inner = null) => new(PackFault.Damaged, $"Packed events are damaged: {what}.", "Use an undamaged copy.", inner);
}

/// <summary>The reason why events cannot be packed or unpacked.</summary>
internal enum PackFault
{
    /// <summary>The packed bytes are inconsistent.</summary>
    Damaged,
    /// <summary>The packed bytes contain an item of an unknown kind.</summary>
    UnknownItem,
    /// <summary>The object is not an event or entry of its own, for example a struct inside an event.</summary>
    NotPackable,
}
