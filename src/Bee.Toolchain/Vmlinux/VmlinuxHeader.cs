namespace Bee.Toolchain;

/// <summary>vmlinux.h: every type of a kernel as one C header, written from its BTF and kept in the cache.</summary>
public static class VmlinuxHeader
{
    /// <summary>The running kernel's BTF.</summary>
    public const string KernelBtf = "/sys/kernel/btf/vmlinux";

    /// <summary>The header for this BTF, from the cache or written now (about a second, 4 MB). Safe to call at once from
    /// many processes; a crash never leaves half a header.</summary>
    /// <param name="btfFile">Raw BTF or an ELF file with a .BTF section; null takes the running kernel's.</param>
    /// <param name="digest"><c>sha256:</c> and the BTF's digest.</param>
    /// <returns>Path of a file named vmlinux.h in a folder of its own, under XDG_CACHE_HOME/bee or ~/.cache/bee.</returns>
    /// <exception cref="KernelBtfException">No such BTF, or it is damaged.</exception>
    /// <exception cref="ToolMissingException">libbpf is not installed.</exception>
    public static string GetOrCreate(string? btfFile, out string digest) => throw new NotImplementedException();
}
