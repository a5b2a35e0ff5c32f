using Bee.Posix;

namespace Bee.Telemetry.Captures;

/// <summary>The reasons why a capture cannot be written or read.</summary>
internal enum CaptureFault
{
    /// <summary>The file exists.</summary>
    Exists,

    /// <summary>Another process is writing the file.</summary>
    InUse,

    /// <summary>The file cannot be created.</summary>
    CannotCreate,

    /// <summary>The disk is full.</summary>
    NoSpace,

    /// <summary>A write failed.</summary>
    CannotWrite,

    /// <summary>The file is not a capture.</summary>
    NotACapture,

    /// <summary>A newer release of Bee wrote the file.</summary>
    NewerVersion,

    /// <summary>The content is inconsistent: it was damaged or changed.</summary>
    Damaged,
}

/// <summary>
/// A capture cannot be written or read. <see cref="BeeException.Id"/> is <c>Capture.Exists</c>, <c>Capture.InUse</c>, <c>Capture.CannotCreate</c>, <c>Capture.NoSpace</c>, <c>Capture.CannotWrite</c>,
/// <c>Capture.NotACapture</c>, <c>Capture.NewerVersion</c> or <c>Capture.Damaged</c>.
/// </summary>
public sealed class CaptureException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do, as a sentence.</param>
    /// <param name="inner">The exception that caused this one; null if none did.</param>
    internal CaptureException(CaptureFault fault, string message, string? remedy = null, Exception? inner = null) : base($"Capture.{fault}", message, remedy, inner) => Fault = fault;

    /// <summary>The kind of error.</summary>
    internal CaptureFault Fault { get; }

    /// <summary>The offset in the file, in bytes from the beginning; null if the failure has no offset.</summary>
    public long? Offset { get; init; }
}
