using Bee.Posix;

namespace Bee.Ebpf.Interop;

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

/// <summary>Why a program could not be loaded, attached or read.</summary>
public enum LoadFault
{
    /// <summary>None of the below; the message and the log say what is known.</summary>
    Other,

    /// <summary>libbpf is missing or older than 1.0.</summary>
    LibbpfMissing,

    /// <summary>This process lacks a capability, or a setting of this system forbids the call.</summary>
    NoPermission,

    /// <summary>The kernel was built without the BTF that the program needs.</summary>
    NoKernelBtf,

    /// <summary>tracefs is not mounted, so tracepoints and kprobes cannot be found.</summary>
    NoTracefs,

    /// <summary>What the program attaches to does not exist here.</summary>
    NoTarget,

    /// <summary>This kernel refuses programs of the type, or Bee does not run them yet.</summary>
    Unsupported,

    /// <summary>The verifier turned the program down.</summary>
    VerifierRejected,

    /// <summary>The kernel refused to make a map.</summary>
    MapCreate,

    /// <summary>libbpf does not accept the object file.</summary>
    BadObject,

    /// <summary>A target is given for a program that the object does not have.</summary>
    BadParameter,

    /// <summary>A program needs to be told what to attach to: an interface, a control group or a network namespace.</summary>
    NoPlace,

    /// <summary>Something else holds the place that the program would attach to.</summary>
    Busy,

    /// <summary>The process that the session is narrowed to has gone.</summary>
    NoProcess,
}
