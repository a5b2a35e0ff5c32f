using Bee.Posix;

namespace Bee.Telemetry.Logs;

/// <summary>The reasons why a log cannot be opened.</summary>
internal enum LogFault
{
    /// <summary>The text is not the address of a receiver.</summary>
    InvalidAddress,

    /// <summary>No journal is listening.</summary>
    NoJournal,
}

/// <summary>A log cannot be opened. <see cref="BeeException.Id"/> is <c>Log.InvalidAddress</c> or <c>Log.NoJournal</c>.</summary>
public sealed class LogException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do, as a sentence.</param>
    /// <param name="inner">The exception that caused this one; null if none did.</param>
    internal LogException(LogFault fault, string message, string remedy, Exception? inner = null) : base($"Log.{fault}", message, remedy, inner) => Fault = fault;

    /// <summary>The reason.</summary>
    internal LogFault Fault { get; }
}
