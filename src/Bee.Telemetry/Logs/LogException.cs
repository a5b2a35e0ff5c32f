using Bee.Posix;

namespace Bee.Telemetry.Logs;

/// <summary>Why log records cannot be sent as asked.</summary>
internal enum LogFault
{
    /// <summary>The text is not the address of a receiver.</summary>
    InvalidAddress,

    /// <summary>No journal listens.</summary>
    NoJournal,
}

/// <summary>Log records cannot be sent as asked.</summary>
public sealed class LogException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do, as a sentence.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    internal LogException(LogFault fault, string message, string remedy, Exception? inner = null) : base($"Log.{fault}", message, remedy, inner) => Fault = fault;

    /// <summary>The reason.</summary>
    internal LogFault Fault { get; }
}
