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

    /// <summary>The verifier's log; of a very long one (4 MiB) its end, or before Linux 6.4 its beginning and the verdict. Null when the verifier did not reject the program.</summary>
    public string? VerifierLog { get; init; }

    /// <summary>The source file with the line that the failure is about: its full path where it exists beside the object, else as the object has it; null when not known.</summary>
    public string? File { get; init; }

    /// <summary>The line, counted from 1; 0 without a file.</summary>
    public int Line { get; init; }

    /// <summary>The column, counted from 1; 0 when not known.</summary>
    public int Column { get; init; }

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

    /// <summary>A program reads beyond the end of its tracepoint's record.</summary>
    BeyondRecord,

    /// <summary>The kernel refused to make a map.</summary>
    MapCreate,

    /// <summary>A map has no size, because its declaration leaves it to the loader, or a size that does not suit it.</summary>
    MapSize,

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

/// <summary>A program could not be run on given input.</summary>
public sealed class BpfTestException : BeeException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="fault">The kind of failure.</param>
    /// <param name="program">The program's name.</param>
    /// <param name="message">What is wrong, as a sentence.</param>
    /// <param name="remedy">What to do about it; null if nothing is known to help.</param>
    /// <param name="errno">The kernel's error number, positive; 0 where the kernel was not asked.</param>
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

    /// <summary>The kernel's error number, positive; 0 where the kernel was not asked.</summary>
    public int Errno { get; }
}

/// <summary>Why a program could not be run on given input.</summary>
public enum TestFault
{
    /// <summary>The kernel does not run programs of this kind so.</summary>
    Unsupported,

    /// <summary>The packet is missing, too short or too long, or the program takes none.</summary>
    BadData,

    /// <summary>The context is missing, or does not fit its type.</summary>
    BadContext,

    /// <summary>An option is given that programs of this kind do not take.</summary>
    BadOption,

    /// <summary>The kernel refused the input.</summary>
    Refused,
}

/// <summary>An entry of a map could not be set or removed. The message names the map and says what is wrong.</summary>
public sealed class BpfMapException : BeeException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="fault">The kind of failure.</param>
    /// <param name="map">The map's name.</param>
    /// <param name="message">What is wrong, as a sentence.</param>
    /// <param name="remedy">What to do about it; null if nothing is known to help.</param>
    /// <param name="errno">The kernel's error number, positive; 0 where the kernel was not asked.</param>
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

    /// <summary>The kernel's error number, positive; 0 where the kernel was not asked.</summary>
    public int Errno { get; }
}

/// <summary>Why an entry could not be set or removed.</summary>
public enum MapFault
{
    /// <summary>None of the below; the message says what is known.</summary>
    Other,

    /// <summary>A value is of the wrong kind, or out of its field's range.</summary>
    BadValue,

    /// <summary>A key is of the wrong kind, or out of the array's range.</summary>
    BadKey,

    /// <summary>A field is named that neither key nor value has.</summary>
    UnknownField,

    /// <summary>The key, a field of it, or the value was not given.</summary>
    MissingField,

    /// <summary>The same thing was given twice, and differently.</summary>
    Ambiguous,

    /// <summary>The map has no such key.</summary>
    NotFound,

    /// <summary>The key is there already, and only new ones were to be set.</summary>
    Exists,

    /// <summary>No further entry fits.</summary>
    Full,

    /// <summary>The map is frozen, or was made for reading only.</summary>
    ReadOnly,

    /// <summary>Maps of this kind do not do that.</summary>
    Unsupported,

    /// <summary>A C# type does not have the layout of the map's events, keys or values.</summary>
    TypeMismatch,

    /// <summary>This process lacks a capability.</summary>
    NoPermission,
}

/// <summary>An object file, or type information, cannot be used. The message says what is wrong and what to do about it.</summary>
public sealed class BpfObjectException : BeeException
{
    private string? _file;

    /// <summary>Makes the exception.</summary>
    /// <param name="fault">What is wrong, for code.</param>
    /// <param name="message">What is wrong, for people.</param>
    public BpfObjectException(ObjectFault fault, string message) : base($"BadObject.{fault}", message) => Fault = fault;

    /// <summary>What is wrong.</summary>
    public ObjectFault Fault { get; }

    /// <summary>The file's name where it is known, and what is wrong with it.</summary>
    public override string Message => _file is null ? base.Message : $"{_file}: {base.Message}";

    internal void Name(string file) => _file = file;
}

/// <summary>What is wrong with an object file.</summary>
public enum ObjectFault
{
    /// <summary>The file is no ELF file at all.</summary>
    NotElf,
    /// <summary>The file is an ELF file for something other than BPF, such as a program for x86-64, or is linked instead of relocatable.</summary>
    NotBpf,
    /// <summary>The file is BPF of the other byte order.</summary>
    WrongEndianness,
    /// <summary>The file ends before what its headers promise.</summary>
    Truncated,
    /// <summary>The ELF structure contradicts itself.</summary>
    DamagedElf,
    /// <summary>The type information (.BTF or .BTF.ext) contradicts itself.</summary>
    DamagedBtf,
    /// <summary>The file declares maps or externs and holds no type information to describe them: it was compiled without <c>-g</c>.</summary>
    NoBtf,
    /// <summary>A map's definition is not one that can be created.</summary>
    BadMap,
    /// <summary>The file uses a function or variable that nothing defines.</summary>
    UndefinedSymbol,
    /// <summary>The file holds no BPF program.</summary>
    NoPrograms,
    /// <summary>The file uses something that was valid once or elsewhere and is not supported here, such as maps in SEC("maps").</summary>
    Unsupported,
}
