namespace Bee.Ebpf;

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

    /// <summary>A parameter is not one of the program's, or its value does not fit.</summary>
    BadParameter,

    /// <summary>A program needs to be told what to attach to: an interface, a control group or a network namespace.</summary>
    NoPlace,

    /// <summary>Something else holds the place that the program would attach to.</summary>
    Busy,

    /// <summary>The process that the session is narrowed to has gone.</summary>
    NoProcess,
}
