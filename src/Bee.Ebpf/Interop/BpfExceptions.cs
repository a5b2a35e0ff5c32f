using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>The exception for an object or program that could not be loaded, attached or read.</summary>
public sealed class BpfLoadException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The kind of failure.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    public BpfLoadException(LoadFault fault, string message, Exception? inner = null) : base($"LoadFailed.{fault}", message, inner: inner) => Fault = fault;

    /// <summary>The kind of failure.</summary>
    public LoadFault Fault { get; }

    /// <summary>libbpf's log of the operation without debug lines; may be empty.</summary>
    public string Log { get; init; } = "";

    /// <summary>The verifier's log; null if the verifier did not reject the program. A log over 4 MiB loses its beginning, or its middle before Linux 6.4.</summary>
    public string? VerifierLog { get; init; }

    /// <summary>The source file of the failure: its full path if it exists beside the object, otherwise the path in the object; null if unknown.</summary>
    public string? File { get; init; }

    /// <summary>The line in <see cref="File"/>, from 1; 0 if unknown.</summary>
    public int Line { get; init; }

    /// <summary>The column, from 1; 0 if unknown.</summary>
    public int Column { get; init; }

    /// <summary>The name of the program that failed; null if the failure does not concern a single program.</summary>
    public string? Program { get; init; }

    /// <summary>The kernel's error number, positive; 0 if there is none.</summary>
    public int Errno { get; init; }

    /// <summary>Names close to one that was not found, the closest first.</summary>
    public IReadOnlyList<string> Suggestions { get; init; } = [];
}

/// <summary>The reason why an object or program could not be loaded, attached or read.</summary>
public enum LoadFault
{
    /// <summary>Any other reason; see the message and the log.</summary>
    Other,

    /// <summary>libbpf is missing or older than 1.0.</summary>
    LibbpfMissing,

    /// <summary>The process lacks a capability, or a system setting forbids the call.</summary>
    NoPermission,

    /// <summary>The kernel was built without the BTF that the program needs.</summary>
    NoKernelBtf,

    /// <summary>tracefs is not mounted, so tracepoints and kprobes cannot be found.</summary>
    NoTracefs,

    /// <summary>The attach target does not exist.</summary>
    NoTarget,

    /// <summary>The kernel, or Bee, does not support programs of this kind.</summary>
    Unsupported,

    /// <summary>The verifier rejected the program.</summary>
    VerifierRejected,

    /// <summary>A program reads beyond the end of its tracepoint's record.</summary>
    BeyondRecord,

    /// <summary>The kernel did not create a map.</summary>
    MapCreate,

    /// <summary>A map has no size, in the object or the options, or an unsuitable one.</summary>
    MapSize,

    /// <summary>libbpf does not accept the object file.</summary>
    BadObject,

    /// <summary>An option names a program or map that the object does not have.</summary>
    BadParameter,

    /// <summary>A program needs an interface, a control group, a network namespace or a map to attach to, and none is named.</summary>
    NoPlace,

    /// <summary>Another program occupies the attach target, or the same program is already attached to it.</summary>
    Busy,

    /// <summary>The process that the session is restricted to has exited.</summary>
    NoProcess,
}

/// <summary>The exception for a test run that failed.</summary>
public sealed class BpfTestException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The kind of failure.</param>
    /// <param name="program">The program's name.</param>
    /// <param name="message">The failure, as a sentence.</param>
    /// <param name="remedy">The remedy; null if none is known.</param>
    /// <param name="errno">The kernel's error number, positive; 0 if the failure did not come from the kernel.</param>
    public BpfTestException(TestFault fault, string program, string message, string? remedy = null, int errno = 0)
        : base($"TestRun.{fault}", message, remedy)
    {
        Fault = fault;
        Program = program;
        Errno = errno;
    }

    /// <summary>The kind of failure.</summary>
    public TestFault Fault { get; }

    /// <summary>The program's name.</summary>
    public string Program { get; }

    /// <summary>The kernel's error number, positive; 0 if the failure did not come from the kernel.</summary>
    public int Errno { get; }
}

/// <summary>The reason why a test run failed.</summary>
public enum TestFault
{
    /// <summary>The kernel has no test run for programs of this kind.</summary>
    Unsupported,

    /// <summary>The packet is missing, too short or too long, or the program does not take one.</summary>
    BadData,

    /// <summary>The context is missing, or does not suit its type.</summary>
    BadContext,

    /// <summary>An option is not supported for programs of this kind.</summary>
    BadOption,

    /// <summary>The kernel rejected the input.</summary>
    Refused,
}

/// <summary>The exception for an entry of a map that could not be set or removed.</summary>
public sealed class BpfMapException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The kind of failure.</param>
    /// <param name="map">The map's name.</param>
    /// <param name="message">The failure, as a sentence.</param>
    /// <param name="remedy">The remedy; null if none is known.</param>
    /// <param name="errno">The kernel's error number, positive; 0 if the failure did not come from the kernel.</param>
    public BpfMapException(MapFault fault, string map, string message, string? remedy = null, int errno = 0)
        : base($"MapEntry.{fault}", message, remedy)
    {
        Fault = fault;
        Map = map;
        Errno = errno;
    }

    /// <summary>The kind of failure.</summary>
    public MapFault Fault { get; }

    /// <summary>The map's name.</summary>
    public string Map { get; }

    /// <summary>The kernel's error number, positive; 0 if the failure did not come from the kernel.</summary>
    public int Errno { get; }
}

/// <summary>The reason why an entry could not be set or removed.</summary>
public enum MapFault
{
    /// <summary>Any other reason; see the message.</summary>
    Other,

    /// <summary>A value has the wrong kind or is out of range.</summary>
    BadValue,

    /// <summary>A key has the wrong kind or is out of range.</summary>
    BadKey,

    /// <summary>Neither key nor value has a field of the given name.</summary>
    UnknownField,

    /// <summary>The key, one of its fields, or the value is missing.</summary>
    MissingField,

    /// <summary>A field was given twice with different values.</summary>
    Ambiguous,

    /// <summary>The map has no such key.</summary>
    NotFound,

    /// <summary>The key exists, and only a new entry was to be added.</summary>
    Exists,

    /// <summary>The map is full.</summary>
    Full,

    /// <summary>The map is frozen or read-only.</summary>
    ReadOnly,

    /// <summary>Maps of this type do not support the operation.</summary>
    Unsupported,

    /// <summary>A C# type does not have the layout of the map's events, keys or values.</summary>
    TypeMismatch,

    /// <summary>The process lacks a capability.</summary>
    NoPermission,
}

/// <summary>The exception for an object file, or its BTF, that cannot be used.</summary>
public sealed class BpfObjectException : BeeException
{
    private string? _file;

    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="message">The message.</param>
    public BpfObjectException(ObjectFault fault, string message) : base($"BadObject.{fault}", message) => Fault = fault;

    /// <summary>The fault.</summary>
    public ObjectFault Fault { get; }

    /// <summary>The message, with the file's name if it is known.</summary>
    public override string Message => _file is null ? base.Message : $"{_file}: {base.Message}";

    internal void Name(string file) => _file = file;
}

/// <summary>The fault of an object file.</summary>
public enum ObjectFault
{
    /// <summary>The file is not an ELF file.</summary>
    NotElf,
    /// <summary>The ELF file is not a relocatable file for BPF.</summary>
    NotBpf,
    /// <summary>The file is for BPF of the other byte order.</summary>
    WrongEndianness,
    /// <summary>The file is shorter than its headers declare.</summary>
    Truncated,
    /// <summary>The ELF structure is inconsistent.</summary>
    DamagedElf,
    /// <summary>The BTF (.BTF or .BTF.ext) is inconsistent.</summary>
    DamagedBtf,
    /// <summary>The file declares maps or externs but has no BTF: it was compiled without <c>-g</c>.</summary>
    NoBtf,
    /// <summary>A map definition is invalid.</summary>
    BadMap,
    /// <summary>The file uses an undefined function or variable.</summary>
    UndefinedSymbol,
    /// <summary>The file contains no BPF program.</summary>
    NoPrograms,
    /// <summary>The file uses an unsupported feature, such as legacy maps in SEC("maps").</summary>
    Unsupported,
}
