using Bee.Posix;

namespace Bee.Ebpf.Packing;

/// <summary>The failure to pack or unpack events.</summary>
internal sealed class PackException : BeeException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="fault">What is wrong, for code.</param>
    /// <param name="message">What is wrong, for people.</param>
    /// <param name="remedy">What to do about it; null if nothing is known to help.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    public PackException(PackFault fault, string message, string? remedy = null, Exception? inner = null)
        : base($"PackedEvents.{fault}", message, remedy, inner) => Fault = fault;

    /// <summary>What is wrong.</summary>
    public PackFault Fault { get; }

    internal static PackException Damaged(string what, Exception? inner = null) => new(PackFault.Damaged, $"Packed events are damaged: {what}.", "Use an undamaged copy.", inner);
}

/// <summary>Why events cannot be packed or unpacked.</summary>
internal enum PackFault
{
    /// <summary>The packed bytes contradict themselves.</summary>
    Damaged,
    /// <summary>The packed bytes hold an item of a kind that this version does not know.</summary>
    UnknownItem,
    /// <summary>The object did not come from a session or a map itself: it is, for example, a struct inside an event.</summary>
    NotPackable,
}
