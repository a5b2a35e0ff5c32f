using System.Runtime.InteropServices;

namespace Bee.Ebpf.Interop;

/// <summary>The functions of libbpf 1.0. Call <see cref="Libbpf.Require"/> before using them.</summary>
/// <remarks>A failure is a negative error number, or a null pointer with errno set.</remarks>
internal static unsafe partial class LibbpfCalls
{
    private const string Library = Libbpf.LibraryName;

    /// <summary><c>bpf_object_open_opts</c> as of 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct OpenOptions
    {
        public nuint Size;
        public byte* ObjectName;
        public byte RelaxedMaps;
        public byte* PinRootPath;
        public uint Reserved;
        public byte* KernelConfig;
        public byte* CustomBtfPath;
        public byte* KernelLog;
        public nuint KernelLogSize;
        public uint KernelLogLevel;
    }

    /// <summary><c>bpf_uprobe_opts</c> as of 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct UprobeOptions
    {
        public nuint Size;
        public nuint ReferenceCounterOffset;
        public ulong Cookie;
        public byte IsReturn;
        public byte* FunctionName;
    }

    /// <summary><c>bpf_kprobe_opts</c> as of 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct KprobeOptions
    {
        public nuint Size;
        public ulong Cookie;
        public nuint Offset;
        public byte IsReturn;
    }

    /// <summary><c>bpf_kprobe_multi_opts</c> as of 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct KprobeMultiOptions
    {
        public nuint Size;
        public byte** Symbols;
        public ulong* Addresses;
        public ulong* Cookies;
        public nuint Count;
        public byte IsReturn;
    }

    /// <summary><c>bpf_ksyscall_opts</c> as of 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct SystemCallOptions
    {
        public nuint Size;
        public ulong Cookie;
        public byte IsReturn;
    }

    /// <summary><c>bpf_tc_hook</c> as of 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TrafficHook
    {
        public nuint Size;
        public int InterfaceIndex;
        public int AttachPoint;
        public uint Parent;
    }

    /// <summary><c>bpf_tc_opts</c> as of 1.0.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TrafficOptions
    {
        public nuint Size;
        public int Program;
        public uint Flags;
        public uint ProgramId;
        public uint Handle;
        public uint Priority;
    }

    /// <summary><c>bpf_map_batch_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct BatchOptions
    {
        public nuint Size;
        public ulong ElementFlags;
        public ulong Flags;
    }

    /// <summary><c>bpf_iter_attach_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct IteratorOptions
    {
        public nuint Size;
        public int* Map;
        public uint Length;
        public uint Padding;
    }

    /// <summary>The beginning of <c>bpf_map_create_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MapOptions
    {
        public nuint Size;
        public uint Btf, KeyType, ValueType, KernelValueType, InnerMap, Flags;
    }

    /// <summary>The beginning of <c>bpf_prog_load_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ProgramOptions
    {
        public nuint Size;
        public int Attempts;
        public int AttachType;
        public uint Btf;
        public uint Flags;
        public uint InterfaceIndex;
        public uint KernelVersion;
        public uint AttachBtfId;
        public uint Padding;
    }

    /// <summary><c>bpf_test_run_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TestRunOptions
    {
        public nuint Size;
        public void* DataIn;
        public void* DataOut;
        public uint DataSizeIn;
        public uint DataSizeOut;
        public void* ContextIn;
        public void* ContextOut;
        public uint ContextSizeIn;
        public uint ContextSizeOut;
        public uint ReturnValue;
        public int Repeat;
        public uint Duration;
        public uint Flags;
        public uint Cpu;
        public uint BatchSize;
    }

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_object__open_mem(void* bytes, nuint size, OpenOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_object__load(ObjectHandle handle);

    [LibraryImport(Library)]
    public static partial void bpf_object__close(nint handle);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_object__find_map_by_name(ObjectHandle handle, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_object__find_program_by_name(ObjectHandle handle, string name);

    [LibraryImport(Library)]
    public static partial int bpf_map__fd(nint map);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_value_size(nint map, uint size);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_key_size(nint map, uint size);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_inner_map_fd(nint map, int fd);

    [LibraryImport(Library)]
    public static partial int bpf_map__set_max_entries(nint map, uint entries);

    [LibraryImport(Library, SetLastError = true)]
    public static partial byte* bpf_map__initial_value(nint map, nuint* size);

    [LibraryImport(Library)]
    public static partial int bpf_program__fd(nint program);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_program__attach(nint program);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_program__attach_uprobe_opts(nint program, int pid, string path, nuint offset, UprobeOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_program__type(nint program);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_autoload(nint program, [MarshalAs(UnmanagedType.U1)] bool load);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_type(nint program, int type);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_expected_attach_type(nint program, int type);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_log_buf(nint program, byte* buffer, nuint size);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_log_level(nint program, uint level);

    [LibraryImport(Library)]
    public static partial uint bpf_program__flags(nint program);

    [LibraryImport(Library)]
    public static partial int bpf_program__set_flags(nint program, uint flags);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_program__set_attach_target(nint program, int otherProgram, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_program__attach_tracepoint(nint program, string category, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_program__attach_raw_tracepoint(nint program, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_program__attach_kprobe_opts(nint program, string function, KprobeOptions* options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_program__attach_kprobe_multi_opts(nint program, string? pattern, KprobeMultiOptions* options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_program__attach_ksyscall(nint program, string name, SystemCallOptions* options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_program__attach_usdt(nint program, int pid, string path, string provider, string name, void* options);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_program__attach_xdp(nint program, int interfaceIndex);

    [LibraryImport(Library)]
    public static partial int bpf_xdp_query_id(int interfaceIndex, int flags, uint* id);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_program__attach_cgroup(nint program, int cgroup);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_program__attach_netns(nint program, int networkNamespace);

    [LibraryImport(Library)]
    public static partial int bpf_tc_hook_create(TrafficHook* hook);

    [LibraryImport(Library)]
    public static partial int bpf_tc_hook_destroy(TrafficHook* hook);

    [LibraryImport(Library)]
    public static partial int bpf_tc_attach(TrafficHook* hook, TrafficOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_tc_detach(TrafficHook* hook, TrafficOptions* options);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_program__attach_perf_event(nint program, int fd);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint bpf_program__attach_iter(nint program, IteratorOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_prog_attach(int program, int target, int attachType, uint flags);

    [LibraryImport(Library)]
    public static partial int bpf_prog_detach2(int program, int target, int attachType);

    [LibraryImport(Library)]
    public static partial int bpf_iter_create(int link);

    [LibraryImport(Library)]
    public static partial int bpf_link__destroy(nint link);

    [LibraryImport(Library)]
    public static partial int bpf_obj_get_info_by_fd(int fd, void* info, uint* size);

    [LibraryImport(Library)]
    public static partial int bpf_enable_stats(int type);

    [LibraryImport(Library)]
    public static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    public static partial int bpf_prog_get_next_id(uint start, uint* next);

    [LibraryImport(Library)]
    public static partial int bpf_link_get_fd_by_id(uint id);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_obj_pin(int fd, string path);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_obj_get(string path);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_map_create(int type, string name, uint keySize, uint valueSize, uint maxEntries, MapOptions* options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_prog_load(int type, string name, string license, byte* instructions, nuint count, ProgramOptions* options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int libbpf_find_vmlinux_btf_id(string name, int attachType);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_raw_tracepoint_open(string? name, int program);

    [LibraryImport(Library)]
    public static partial int bpf_map_freeze(int map);

    [LibraryImport(Library)]
    public static partial void bpf_link__disconnect(nint link);

    [LibraryImport(Library)]
    public static partial int bpf_link__fd(nint link);

    [LibraryImport(Library)]
    public static partial int bpf_map_get_next_key(int map, void* key, void* next);

    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_elem(int map, void* key, void* value);

    [LibraryImport(Library)]
    public static partial int bpf_map_update_elem(int map, void* key, void* value, ulong flags);

    [LibraryImport(Library)]
    public static partial int bpf_map_delete_elem(int map, void* key);

    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_and_delete_elem(int map, void* key, void* value);

    [LibraryImport(Library)]
    public static partial int bpf_map_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    public static partial int bpf_map_lookup_batch(int map, void* inBatch, void* outBatch, void* keys, void* values, uint* count, BatchOptions* options);

    [LibraryImport(Library)]
    public static partial int bpf_prog_test_run_opts(int program, TestRunOptions* options);

    [LibraryImport(Library)]
    public static partial int libbpf_num_possible_cpus();

    [LibraryImport(Library)]
    public static partial int libbpf_strerror(int error, byte* text, nuint size);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint bpf_linker__new(string output, nint options);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int bpf_linker__add_file(nint linker, string file, nint options);

    [LibraryImport(Library)]
    public static partial int bpf_linker__finalize(nint linker);

    [LibraryImport(Library)]
    public static partial void bpf_linker__free(nint linker);
}
