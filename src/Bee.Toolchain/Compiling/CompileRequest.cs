namespace Bee.Toolchain;

/// <summary>What to compile and how: a C file, or several that are linked, and what the compiler is told about them.</summary>
public sealed record CompileRequest
{
    /// <summary>Path of the C file. clang runs in its folder, so relative paths in <see cref="CFlags"/> start there.</summary>
    public required string Source { get; init; }

    /// <summary>Paths of further C files, compiled alike and linked with <see cref="Source"/> into one object, in this order.</summary>
    public IReadOnlyList<string> LinkedSources { get; init; } = [];

    /// <summary>File with BTF that vmlinux.h is written from: raw, as /sys/kernel/btf/vmlinux has it, or an ELF file with a
    /// .BTF section. Null takes the running kernel's. Where it is of a kernel of another <see cref="Architecture"/>, no register can be read.</summary>
    public string? VmlinuxBtf { get; init; }

    /// <summary>Macros to define, each <c>NAME</c> or <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Defines { get; init; } = [];

    /// <summary>Further flags for clang, one argument an item, after Bee's own so that they win.</summary>
    public IReadOnlyList<string> CFlags { get; init; } = [];

    /// <summary>The clang to use: a path, or a name on PATH. Null takes the environment's CLANG, then the newest on PATH.</summary>
    public string? ClangPath { get; init; }

    /// <summary>Architecture that the program runs on, as uname or as the kernel's source names it (x86_64 or x86, aarch64
    /// or arm64, ...). Null is this machine's. It selects the register layout that kprobes and uprobes read, and the byte order of the object.</summary>
    public string? Architecture { get; init; }

    /// <summary>Makes a little-endian object for a big-endian architecture too: one that can be read, but does not run there.</summary>
    public bool LittleEndian { get; init; }

    /// <summary>Folders with headers, searched before the system's. <see cref="BeeHeaders.Directory"/> has bee.h and
    /// solo_types.h and is searched too, without standing here.</summary>
    public IReadOnlyList<string> IncludeDirectories { get; init; } = [];
}
