using Bee.Posix;

namespace Bee.Telemetry.Captures;

/// <summary>The reasons why a capture cannot be written or read.</summary>
internal enum CaptureFault
{
    /// <summary>The file exists.</summary>
    Exists,

    /// <summary>The file is being written.</summary>
    InUse,

    /// <summary>The file cannot be created.</summary>
    CannotCreate,

    /// <summary>The disk is full.</summary>
    NoSpace,

    /// <summary>The kernel refused to write.</summary>
    CannotWrite,

    /// <summary>The file is not a capture.</summary>
    NotACapture,

    /// <summary>A newer release of Bee wrote the file.</summary>
    NewerVersion,

    /// <summary>The content contradicts itself: it was damaged or changed.</summary>
    Damaged,
}

/// <summary>A capture cannot be written or read.</summary>
public sealed class CaptureException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do, as a sentence.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    internal CaptureException(CaptureFault fault, string message, string? remedy = null, Exception? inner = null) : base($"Capture.{fault}", message, remedy, inner) => Fault = fault;

    /// <summary>The reason.</summary>
    internal CaptureFault Fault { get; }

    /// <summary>Where in the file, in bytes from its beginning; null if that does not apply.</summary>
    public long? Offset { get; init; }
}
