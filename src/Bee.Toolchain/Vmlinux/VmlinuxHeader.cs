using System.Security.Cryptography;
using System.Text;
using Bee.Ebpf.Btf;
using Bee.Posix;
using Bee.Toolchain.Diagnostics;
using Bee.Toolchain.Tools;

namespace Bee.Toolchain.Vmlinux;

/// <summary>Creates vmlinux.h: all types of a kernel, and all functions that programs may call, as one C header, from the kernel's BTF, with a cache.</summary>
internal static class VmlinuxHeader
{
    /// <summary>The path of the running kernel's BTF.</summary>
    public const string KernelBtf = "/sys/kernel/btf/vmlinux";

    /// <summary>The version of the output. It is incremented if the same BTF produces another header, so that older caches are not used.</summary>
    private const int Revision = 4;

    private const string Prologue = """
        /* The kernel's types, written from its BTF. */
        #ifndef __VMLINUX_H__
        #define __VMLINUX_H__

        #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
        #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
        #endif


        """;

    private const string Epilogue = """

        #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
        #pragma clang attribute pop
        #endif

        #endif

        """;

    /// <summary>Returns the header for a BTF, from the cache or newly written (about a second, 3 MB). Several processes may call
    /// it at once; a crash never leaves a partial header.</summary>
    /// <param name="btfFile">Raw BTF, or an ELF file with a .BTF section; null for the running kernel's.</param>
    /// <param name="digest"><c>sha256:</c> and the digest of the BTF; for raw BTF, of the whole file, as sha256sum prints it.</param>
    /// <returns>The path of a file named vmlinux.h in a folder of its own: in the user's cache (XDG_CACHE_HOME/bee or ~/.cache/bee), or, if another user could
    /// have written there, in a private folder that is deleted when the process ends.</returns>
    /// <exception cref="KernelBtfException">The BTF does not exist, or is damaged.</exception>
    /// <exception cref="ToolMissingException">libbpf is not installed.</exception>
    /// <exception cref="IOException">The header cannot be written anywhere.</exception>
    public static string GetOrCreate(string? btfFile, out string digest)
    {
        var header = For(btfFile, null);
        digest = header.Digest;
        return header.Path;
    }

    /// <summary>Returns the header for an architecture. If the BTF belongs to another architecture's kernel, the members of its register types get unusable
    /// names: types that all architectures share are usable, and the compiler rejects uses of registers.</summary>
    /// <param name="btfFile">As above.</param>
    /// <param name="architecture">The target architecture, in the kernel's spelling; null for that of the BTF.</param>
    internal static KernelHeader For(string? btfFile, string? architecture)
    {
        var file = btfFile is null ? KernelBtf : Path.GetFullPath(btfFile);
        var section = Read(file);
        var hex = Convert.ToHexString(SHA256.HashData(section.Span)).ToLowerInvariant();
        section = BtfByteOrder.IsBigEndian(section.Span) ? BtfByteOrder.ToLittleEndian(section.Span) : section;

        // The running kernel's architecture is known without reading its types, which is slow.
        var own = btfFile is null && architecture == TargetArchitecture.Name(null) ? architecture : architecture is null ? null : Architecture(file, section.Span);
        var isOther = own is not null && own != architecture;
        var path = HeaderCache.GetOrCreate($"{hex}-{Revision}{(isOther ? "-common" : "")}", "vmlinux.h", () => Write(file, section.Span, isOther));
        return new KernelHeader(path, "sha256:" + hex, own, HasRegisters: !isOther);
    }

    private static string? Architecture(string file, ReadOnlySpan<byte> section)
    {
        try
        {
            return RegisterTypes.Architecture(Bee.Ebpf.Btf.BtfSpec.Parse(section));
        }
        catch (Bee.Ebpf.Interop.BpfObjectException exception)
        {
            throw Damaged(file, exception);
        }
    }

    private static byte[] Write(string file, ReadOnlySpan<byte> section, bool hideRegisters)
    {
        try
        {
            // libbpf trusts BTF too much for a file of unknown origin, so Bee's own reader validates it first.
            var types = Bee.Ebpf.Btf.BtfSpec.Parse(section);
            DumpableTypes.Check(types);
            return [.. Encoding.UTF8.GetBytes(Prologue), .. BtfToC.Write(section, hideRegisters ? RegisterTypes.Ids(types) : [], KernelFunctions.Of(types)), .. Encoding.UTF8.GetBytes(Epilogue)];
        }
        catch (Exception exception) when (exception is InvalidDataException or Bee.Ebpf.Interop.BpfObjectException)
        {
            throw Damaged(file, exception);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            throw Distribution.Current.Missing(LibbpfDump.Library, Component.Libbpf, $"{Bee.Ebpf.Interop.Libbpf.OverridePath ?? LibbpfDump.Library} cannot be loaded; it is needed to write vmlinux.h.");
        }
    }

    private static ReadOnlyMemory<byte> Read(string file)
    {
        try
        {
            var bytes = RegularFile.ReadAllBytes(file);
            return BtfByteOrder.IsBigEndian(bytes) ? bytes : BtfSection.Find(bytes)
                ?? throw new KernelBtfException(file, "Name a file such as /sys/kernel/btf/vmlinux, or a vmlinux with debug information.", $"{file} contains no BTF.");
        }
        catch (InvalidDataException exception)
        {
            throw Damaged(file, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw file == KernelBtf
                ? new KernelBtfException(file, "Use a kernel built with CONFIG_DEBUG_INFO_BTF, or name a file with the BTF of the target kernel.",
                    $"This kernel does not expose its types: {exception.Message}", exception)
                : new KernelBtfException(file, "Name a readable file with BTF.", exception.Message, exception);
        }
    }

    private static KernelBtfException Damaged(string file, Exception cause) =>
        new(file, "Copy it again from its kernel.", $"The BTF in {file} is damaged: {cause.Message}", cause);
}

/// <summary>A generated vmlinux.h.</summary>
/// <param name="Path">The path of the file.</param>
/// <param name="Digest"><c>sha256:</c> and the digest of its BTF.</param>
/// <param name="Architecture">The architecture of its kernel, in the kernel's spelling; null if it was not requested or is unknown.</param>
/// <param name="HasRegisters">False if the members of register types are hidden.</param>
internal sealed record KernelHeader(string Path, string Digest, string? Architecture, bool HasRegisters)
{
    /// <summary>The macro that omits the declarations of kernel functions, as in bpftool's header.</summary>
    internal const string NoFunctions = "BPF_NO_KFUNC_PROTOTYPES";

    /// <summary>Returns whether a diagnostic reports a source's declaration that conflicts with a kernel function in vmlinux.h.</summary>
    internal static bool DeclaresOtherwise(Diagnostic diagnostic) => diagnostic.Severity == DiagnosticSeverity.Error
        && diagnostic.Notes.Any(note => System.IO.Path.GetFileName(note.File) == "vmlinux.h"
            && (note.Message == "previous declaration is here" || diagnostic.Message.EndsWith("as different kind of symbol", StringComparison.Ordinal)));
}

/// <summary>Thrown if the BTF for vmlinux.h does not exist or is damaged.</summary>
internal sealed class KernelBtfException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="remedy">How to fix it.</param>
    /// <param name="message">The problem.</param>
    /// <param name="inner">The cause, or null.</param>
    public KernelBtfException(string path, string remedy, string message, Exception? inner = null) : base("NoKernelBtf", message, remedy, inner) => Path = path;

    /// <summary>The path of the file.</summary>
    public string Path { get; }
}
