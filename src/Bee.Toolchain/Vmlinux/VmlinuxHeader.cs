using Bee.Ebpf;
using System.Security.Cryptography;
using System.Text;

namespace Bee.Toolchain;

/// <summary>vmlinux.h: every type of a kernel as one C header, written from its BTF and kept in the cache.</summary>
public static class VmlinuxHeader
{
    /// <summary>The running kernel's BTF.</summary>
    public const string KernelBtf = "/sys/kernel/btf/vmlinux";

    /// <summary>Goes up when the same BTF gives another header, so that a cache of an older Bee is left alone.</summary>
    private const int Revision = 3;

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
    /// <returns>Path of a file named vmlinux.h in a folder of its own, under XDG_CACHE_HOME/bee or ~/.cache/bee.</returns>
    /// <exception cref="KernelBtfException">No such BTF, or it is damaged.</exception>
    /// <exception cref="ToolMissingException">libbpf is not installed.</exception>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    public static string GetOrCreate(string? btfFile, out string digest)
    {
        var file = btfFile is null ? KernelBtf : Path.GetFullPath(btfFile);
        var section = Read(file);
        var hex = Convert.ToHexString(SHA256.HashData(section.Span)).ToLowerInvariant();
        digest = "sha256:" + hex;
        var path = Path.Combine(CacheDirectory.Path, "vmlinux", $"{hex}-{Revision}", "vmlinux.h");
        if (File.Exists(path))
        {
            return path;
        }

        var header = Write(file, section.Span);
        try
        {
            AtomicFile.Write(path, header);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The cache cannot be written: {exception.Message} Set XDG_CACHE_HOME to a folder of yours.", exception);
        }

        return path;
    }

    private static byte[] Write(string file, ReadOnlySpan<byte> section)
    {
        try
        {
            // libbpf trusts BTF more than a file from anywhere deserves; Bee's own reader checks it first.
            DumpableTypes.Check(Bee.Ebpf.Btf.Parse(section));
            return [.. Encoding.UTF8.GetBytes(Prologue), .. BtfToC.Write(section), .. Encoding.UTF8.GetBytes(Epilogue)];
        }
        catch (Exception exception) when (exception is InvalidDataException or Bee.Ebpf.BpfObjectException)
        {
            throw Damaged(file, exception);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            throw Distribution.Current.Missing(LibbpfDump.Library, Component.Libbpf, $"{Bee.Ebpf.Libbpf.OverridePath ?? LibbpfDump.Library} cannot be loaded, which writes vmlinux.h.");
        }
    }

    private static ReadOnlyMemory<byte> Read(string file)
    {
        try
        {
            return BtfSection.Find(File.ReadAllBytes(file))
                ?? throw new KernelBtfException(file, "Give a file such as /sys/kernel/btf/vmlinux, or a vmlinux with debug information.", $"{file} holds no BTF.");
        }
        catch (InvalidDataException exception)
        {
            throw Damaged(file, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw file == KernelBtf
                ? new KernelBtfException(file, "Use a kernel built with CONFIG_DEBUG_INFO_BTF, or give the BTF of the kernel that the program is for as a file (-VmlinuxBtf).",
                    $"This kernel does not show its types: {exception.Message}", exception)
                : new KernelBtfException(file, "Give a readable file with BTF.", exception.Message, exception);
        }
    }

    private static KernelBtfException Damaged(string file, Exception cause) =>
        new(file, "Take it again from the kernel that it is of.", $"The BTF in {file} is damaged: {cause.Message}", cause);
}
