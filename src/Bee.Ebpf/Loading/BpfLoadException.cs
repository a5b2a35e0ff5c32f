using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>A program could not be loaded, attached or read.</summary>
public sealed class BpfLoadException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The kind of failure.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    public BpfLoadException(LoadFault fault, string message, Exception? inner = null) : base($"LoadFailed.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>The kind of failure.</summary>
    public LoadFault Fault { get; }

    /// <summary>What libbpf said meanwhile, its debug lines left out; empty when it said nothing.</summary>
    public string Log { get; init; } = "";

    /// <summary>The verifier's log, whole; null when the verifier did not speak.</summary>
    public string? VerifierLog { get; init; }

    /// <summary>The program concerned, by its name in the object file; null when it is not one program.</summary>
    public string? Program { get; init; }

    /// <summary>The kernel's error number, positive; 0 when there is none.</summary>
    public int Errno { get; init; }

    /// <summary>Names close to one that was not found, nearest first.</summary>
    public IReadOnlyList<string> Suggestions { get; init; } = [];
}
