using System.Reflection;
using System.Runtime.InteropServices;

namespace Bee.Toolchain;

/// <summary>The few calls of libbpf that turn BTF into C.</summary>
internal static unsafe partial class LibbpfDump
{
    internal const string Library = "libbpf.so.1";
    internal const uint KindTypedef = 8;

    static LibbpfDump() => NativeLibrary.SetDllImportResolver(typeof(LibbpfDump).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        // The library that Bee.Ebpf takes, so that one libbpf serves both.
        return name == Library && Bee.Ebpf.Interop.Libbpf.OverridePath is { } path ? NativeLibrary.Load(path) : 0;
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint btf__new(byte* data, uint size);

    [LibraryImport(Library)]
    internal static partial void btf__free(nint btf);

    [LibraryImport(Library)]
    internal static partial uint btf__type_cnt(nint btf);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int btf__find_by_name_kind(nint btf, string name, uint kind);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int btf__add_str(nint btf, string text);

    /// <summary>struct btf_type *; its first four bytes are the name's offset among the strings.</summary>
    [LibraryImport(Library)]
    internal static partial uint* btf__type_by_id(nint btf, uint id);

    /// <summary>The callback takes (void *context, const char *format, va_list arguments). In the calling conventions of x86-64,
    /// arm64 and riscv64 a va_list argument is one pointer, which is all that this side needs to know.</summary>
    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint btf_dump__new(nint btf, delegate* unmanaged<void*, byte*, void*, void> print, void* context, void* options);

    [LibraryImport(Library)]
    internal static partial int btf_dump__dump_type(nint dump, uint id);

    [LibraryImport(Library)]
    internal static partial void btf_dump__free(nint dump);

    [LibraryImport("libc")]
    internal static partial int vsnprintf(byte* buffer, nuint size, byte* format, void* arguments);
}
