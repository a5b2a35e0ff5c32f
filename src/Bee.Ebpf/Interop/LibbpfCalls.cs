using System.Runtime.InteropServices;

namespace Bee.Ebpf.Interop;

/// <summary>libbpf's calls, those of version 1.0. Call <see cref="Libbpf.Require"/> before the first of them.</summary>
/// <remarks>Since 1.0 a failure is a negative error number, or a null pointer with errno set.</remarks>
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

    [LibraryImport(Library, EntryPoint = "bpf_object__open_mem", SetLastError = true)]
    public static partial nint OpenMemory(void* bytes, nuint size, OpenOptions* options);

    [LibraryImport(Library, EntryPoint = "bpf_object__load")]
    public static partial int Load(ObjectHandle handle);

    [LibraryImport(Library, EntryPoint = "bpf_object__close")]
    public static partial void CloseObject(nint handle);

    [LibraryImport(Library, EntryPoint = "bpf_object__find_map_by_name", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint FindMap(ObjectHandle handle, string name);

    [LibraryImport(Library, EntryPoint = "bpf_object__find_program_by_name", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint FindProgram(ObjectHandle handle, string name);

    [LibraryImport(Library, EntryPoint = "bpf_map__fd")]
    public static partial int MapFd(nint map);

    [LibraryImport(Library, EntryPoint = "bpf_map__set_value_size")]
    public static partial int SetValueSize(nint map, uint size);

    [LibraryImport(Library, EntryPoint = "bpf_map__set_key_size")]
    public static partial int SetKeySize(nint map, uint size);

    [LibraryImport(Library, EntryPoint = "bpf_map__set_max_entries")]
    public static partial int SetMaxEntries(nint map, uint entries);

    [LibraryImport(Library, EntryPoint = "bpf_map__initial_value", SetLastError = true)]
    public static partial byte* InitialValue(nint map, nuint* size);

    [LibraryImport(Library, EntryPoint = "bpf_program__fd")]
    public static partial int ProgramFd(nint program);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach", SetLastError = true)]
    public static partial nint Attach(nint program);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_uprobe_opts", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint AttachUprobe(nint program, int pid, string path, nuint offset, UprobeOptions* options);

    [LibraryImport(Library, EntryPoint = "bpf_program__type")]
    public static partial int ProgramTypeOf(nint program);

    [LibraryImport(Library, EntryPoint = "bpf_program__set_type")]
    public static partial int SetProgramType(nint program, int type);

    [LibraryImport(Library, EntryPoint = "bpf_program__set_expected_attach_type")]
    public static partial int SetExpectedAttachType(nint program, int type);

    [LibraryImport(Library, EntryPoint = "bpf_program__flags")]
    public static partial uint ProgramFlags(nint program);

    [LibraryImport(Library, EntryPoint = "bpf_program__set_flags")]
    public static partial int SetProgramFlags(nint program, uint flags);

    [LibraryImport(Library, EntryPoint = "bpf_program__set_attach_target", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetAttachTarget(nint program, int otherProgram, string name);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_tracepoint", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint AttachTracepoint(nint program, string category, string name);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_raw_tracepoint", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint AttachRawTracepoint(nint program, string name);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_kprobe_opts", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint AttachKprobe(nint program, string function, KprobeOptions* options);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_kprobe_multi_opts", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint AttachKprobeMulti(nint program, string? pattern, KprobeMultiOptions* options);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_ksyscall", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint AttachSystemCall(nint program, string name, SystemCallOptions* options);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_usdt", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint AttachUserProbe(nint program, int pid, string path, string provider, string name, void* options);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_xdp", SetLastError = true)]
    public static partial nint AttachXdp(nint program, int interfaceIndex);

    [LibraryImport(Library, EntryPoint = "bpf_xdp_query_id")]
    public static partial int XdpProgramId(int interfaceIndex, int flags, uint* id);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_cgroup", SetLastError = true)]
    public static partial nint AttachCgroup(nint program, int cgroup);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_netns", SetLastError = true)]
    public static partial nint AttachNetworkNamespace(nint program, int networkNamespace);

    [LibraryImport(Library, EntryPoint = "bpf_tc_hook_create")]
    public static partial int CreateTrafficHook(TrafficHook* hook);

    [LibraryImport(Library, EntryPoint = "bpf_tc_hook_destroy")]
    public static partial int DestroyTrafficHook(TrafficHook* hook);

    [LibraryImport(Library, EntryPoint = "bpf_tc_attach")]
    public static partial int AttachTraffic(TrafficHook* hook, TrafficOptions* options);

    [LibraryImport(Library, EntryPoint = "bpf_tc_detach")]
    public static partial int DetachTraffic(TrafficHook* hook, TrafficOptions* options);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_perf_event", SetLastError = true)]
    public static partial nint AttachPerfEvent(nint program, int fd);

    [LibraryImport(Library, EntryPoint = "bpf_program__attach_iter", SetLastError = true)]
    public static partial nint AttachIterator(nint program, void* options);

    [LibraryImport(Library, EntryPoint = "bpf_iter_create")]
    public static partial int CreateIterator(int link);

    [LibraryImport(Library, EntryPoint = "bpf_link__destroy")]
    public static partial int DestroyLink(nint link);

    [LibraryImport(Library, EntryPoint = "bpf_obj_get_info_by_fd")]
    public static partial int ObjectInfo(int fd, void* info, uint* size);

    [LibraryImport(Library, EntryPoint = "bpf_prog_get_fd_by_id")]
    public static partial int ProgramById(uint id);

    [LibraryImport(Library, EntryPoint = "bpf_link_get_fd_by_id")]
    public static partial int LinkById(uint id);

    [LibraryImport(Library, EntryPoint = "bpf_obj_pin", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Pin(int fd, string path);

    [LibraryImport(Library, EntryPoint = "bpf_obj_get", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenPin(string path);

    [LibraryImport(Library, EntryPoint = "bpf_map_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int CreateMap(int type, string name, uint keySize, uint valueSize, uint maxEntries, void* options);

    [LibraryImport(Library, EntryPoint = "bpf_prog_load", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int LoadProgram(int type, string name, string license, byte* instructions, nuint count, void* options);

    [LibraryImport(Library, EntryPoint = "bpf_raw_tracepoint_open", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenRawTracepoint(string name, int program);

    [LibraryImport(Library, EntryPoint = "bpf_map_freeze")]
    public static partial int FreezeMap(int map);

    [LibraryImport(Library, EntryPoint = "bpf_link__disconnect")]
    public static partial void DisconnectLink(nint link);

    [LibraryImport(Library, EntryPoint = "bpf_link__fd")]
    public static partial int LinkFd(nint link);

    [LibraryImport(Library, EntryPoint = "bpf_map_get_next_key")]
    public static partial int NextKey(int map, void* key, void* next);

    [LibraryImport(Library, EntryPoint = "bpf_map_lookup_elem")]
    public static partial int Lookup(int map, void* key, void* value);

    [LibraryImport(Library, EntryPoint = "bpf_map_update_elem")]
    public static partial int Update(int map, void* key, void* value, ulong flags);

    [LibraryImport(Library, EntryPoint = "bpf_map_delete_elem")]
    public static partial int Delete(int map, void* key);

    [LibraryImport(Library, EntryPoint = "bpf_map_lookup_and_delete_elem")]
    public static partial int LookupAndDelete(int map, void* key, void* value);

    [LibraryImport(Library, EntryPoint = "bpf_map_get_fd_by_id")]
    public static partial int MapById(uint id);

    [LibraryImport(Library, EntryPoint = "bpf_map_lookup_batch")]
    public static partial int LookupBatch(int map, void* inBatch, void* outBatch, void* keys, void* values, uint* count, BatchOptions* options);

    [LibraryImport(Library, EntryPoint = "bpf_prog_test_run_opts")]
    public static partial int TestRun(int program, TestRunOptions* options);

    [LibraryImport(Library, EntryPoint = "libbpf_num_possible_cpus")]
    public static partial int PossibleCpus();
}
