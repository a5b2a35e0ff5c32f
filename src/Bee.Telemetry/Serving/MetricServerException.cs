using Bee.Posix;

namespace Bee.Telemetry.Serving;

/// <summary>The reasons why a <see cref="MetricServer"/> does not start.</summary>
public enum MetricServerFault
{
    /// <summary>The address is not one, or its host is unknown.</summary>
    InvalidAddress,
    /// <summary>Another socket listens on the port.</summary>
    AddressTaken,
    /// <summary>The machine has no such address, or the kernel refuses it.</summary>
    AddressUnavailable,
    /// <summary>Other machines could read the metrics, and nothing protects them.</summary>
    Unprotected,
    /// <summary>The certificate or its key cannot be used.</summary>
    InvalidCertificate,
    /// <summary>The token is empty, or has characters that a header field cannot have.</summary>
    InvalidToken,
}

/// <summary>A <see cref="MetricServer"/> does not start.</summary>
public sealed class MetricServerException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do, as a sentence.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    public MetricServerException(MetricServerFault fault, string message, string remedy, Exception? inner = null) : base($"MetricServer.{fault}", message, remedy, inner) => Fault = fault;

    /// <summary>The reason.</summary>
    public MetricServerFault Fault { get; }
}
