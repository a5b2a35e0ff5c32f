using Bee.Posix;

namespace Bee.Toolchain;

/// <summary>What came of a compilation.</summary>
public sealed record CompileResult
{
    /// <summary>Whether clang made an object. False when any diagnostic is an error.</summary>
    public required bool Success { get; init; }

    /// <summary>The ELF object with BTF and without DWARF; null without success. Same source, flags, clang and vmlinux.h
    /// give the same bytes in whatever folder. Write it with <see cref="AtomicFile"/>.</summary>
    public byte[]? Object { get; init; }

    /// <summary>What clang had to say, in its order, notes inside the diagnostic that they belong to.</summary>
    public required IReadOnlyList<Diagnostic> Diagnostics { get; init; }

    /// <summary>The compiler's first line about itself, such as <c>Debian clang version 14.0.6</c>.</summary>
    public required string ClangVersion { get; init; }

    /// <summary><c>sha256:</c> and the digest of the BTF that vmlinux.h was written from.</summary>
    public required string VmlinuxDigest { get; init; }

    /// <summary>Architecture of the kernel that vmlinux.h is of, in the kernel's words; null where its types do not tell.</summary>
    public string? VmlinuxArchitecture { get; init; }

    /// <summary>False where vmlinux.h is of another architecture's kernel than the program is for, so that it lends no registers.</summary>
    public bool HasRegisters { get; init; } = true;

    /// <summary>The flags that decide over the bytes, without the folders of this machine.</summary>
    public required IReadOnlyList<string> Flags { get; init; }
}
