using System.Security.Cryptography;
using System.Text;
using Bee.Ebpf.Btf;
using Bee.Posix;
using Bee.Toolchain.Diagnostics;
using Bee.Toolchain.Tools;

namespace Bee.Toolchain.Vmlinux;

/// <summary>vmlinux.h: every type of a kernel, and every function that it opens to programs, as one C header, written from its BTF and kept in the cache.</summary>
internal static class VmlinuxHeader
{
    /// <summary>The running kernel's BTF.</summary>
    public const string KernelBtf = "/sys/kernel/btf/vmlinux";

    /// <summary>Goes up when the same BTF gives another header, so that a cache of an older Bee is left alone.</summary>
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

    /// <summary>The header for this BTF, from the cache or written now (about a second, 3 MB). Safe to call at once from
    /// many processes; a crash never leaves half a header.</summary>
    /// <param name="btfFile">Raw BTF or an ELF file with a .BTF section; null takes the running kernel's.</param>
    /// <param name="digest"><c>sha256:</c> and the BTF's digest: of the whole file where it is raw, so sha256sum says the same.</param>
    /// <returns>Path of a file named vmlinux.h in a folder of its own: in the user's cache (XDG_CACHE_HOME/bee or ~/.cache/bee), or, where another user could
    /// have written there, in a private folder that goes with this process.</returns>
    /// <exception cref="KernelBtfException">No such BTF, or it is damaged.</exception>
    /// <exception cref="ToolMissingException">libbpf is not installed.</exception>
    /// <exception cref="IOException">It cannot be written anywhere.</exception>
    public static string GetOrCreate(string? btfFile, out string digest)
    {
        var header = For(btfFile, null);
        digest = header.Digest;
        return header.Path;
    }

    /// <summary>The header for a program of an architecture. Where the BTF is of another one's kernel, the members of its register types get names that
    /// no source has: what all architectures have in common is there, and who asks for a register gets an error of the compiler.</summary>
    /// <param name="btfFile">As above.</param>
    /// <param name="architecture">The architecture that is compiled for, in the kernel's words; null for that of the BTF.</param>
    internal static KernelHeader For(string? btfFile, string? architecture)
    {
        var file = btfFile is null ? KernelBtf : Path.GetFullPath(btfFile);
        var section = Read(file);
        var hex = Convert.ToHexString(SHA256.HashData(section.Span)).ToLowerInvariant();
        section = BtfByteOrder.IsBigEndian(section.Span) ? BtfByteOrder.ToLittleEndian(section.Span) : section;

        // The running kernel's own need not be looked at; that takes a while.
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
            // libbpf trusts BTF more than a file from anywhere deserves; Bee's own reader checks it first.
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
            throw Distribution.Current.Missing(LibbpfDump.Library, Component.Libbpf, $"{Bee.Ebpf.Interop.Libbpf.OverridePath ?? LibbpfDump.Library} cannot be loaded, which writes vmlinux.h.");
        }
    }

    private static ReadOnlyMemory<byte> Read(string file)
    {
        try
        {
            var bytes = RegularFile.ReadAllBytes(file);
            return BtfByteOrder.IsBigEndian(bytes) ? bytes : BtfSection.Find(bytes)
                ?? throw new KernelBtfException(file, "Give a file such as /sys/kernel/btf/vmlinux, or a vmlinux with debug information.", $"{file} holds no BTF.");
        }
        catch (InvalidDataException exception)
        {
            throw Damaged(file, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw file == KernelBtf
                ? new KernelBtfException(file, "Use a kernel built with CONFIG_DEBUG_INFO_BTF, or give the BTF of the kernel that the program is for as a file.",
                    $"This kernel does not show its types: {exception.Message}", exception)
                : new KernelBtfException(file, "Give a readable file with BTF.", exception.Message, exception);
        }
    }

    private static KernelBtfException Damaged(string file, Exception cause) =>
        new(file, "Take it again from the kernel that it is of.", $"The BTF in {file} is damaged: {cause.Message}", cause);
}

/// <summary>A vmlinux.h.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Digest"><c>sha256:</c> and the digest of its BTF.</param>
/// <param name="Architecture">Of the kernel that it is of, in the kernel's words; null where that was not asked for or nothing tells.</param>
/// <param name="HasRegisters">False where the members of register types are hidden.</param>
internal sealed record KernelHeader(string Path, string Digest, string? Architecture, bool HasRegisters)
{
    /// <summary>The macro that leaves out the declarations of the kernel's functions, as in the header that bpftool writes.</summary>
    internal const string NoFunctions = "BPF_NO_KFUNC_PROTOTYPES";

    /// <summary>Whether a source declares a name otherwise than a vmlinux.h declares one of the kernel's functions.</summary>
    internal static bool DeclaresOtherwise(Diagnostic diagnostic) => diagnostic.Severity == DiagnosticSeverity.Error
        && diagnostic.Notes.Any(note => System.IO.Path.GetFileName(note.File) == "vmlinux.h"
            && (note.Message == "previous declaration is here" || diagnostic.Message.EndsWith("as different kind of symbol", StringComparison.Ordinal)));
}

/// <summary>There is no BTF to write vmlinux.h from, or it is damaged.</summary>
internal sealed class KernelBtfException : BeeException
{
    /// <summary>Makes one.</summary>
    /// <param name="path">The file looked at.</param>
    /// <param name="remedy">What to do.</param>
    /// <param name="message">What is wrong.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public KernelBtfException(string path, string remedy, string message, Exception? inner = null) : base("NoKernelBtf", message, remedy, inner) => Path = path;

    /// <summary>The file looked at.</summary>
    public string Path { get; }
}
