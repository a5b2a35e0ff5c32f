using Bee.Posix;

namespace Bee.Ebpf.Interop;

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
