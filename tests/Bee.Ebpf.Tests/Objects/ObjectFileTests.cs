using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Objects;

public class ObjectFileTests
{
    [ClangFact]
    public void Maps_are_read_whole()
    {
        var maps = Fixtures.Read("maps").Maps.ToDictionary(m => m.Name);
        var events = maps["print_events_with_a_name_longer_than_the_kernel_keeps"];
        Assert.Equal((MapType.RingBuffer, 0u, 32u, 1u << 16, MapRole.Print, true), (events.Type, events.KeySize, events.ValueSize, events.MaxEntries, events.Role, events.IsEventStream));
        Assert.Equal("struct event", events.Value!.ToString());
        Assert.Null(events.Key);

        Assert.True(maps["print_perf"] is { Type: MapType.PerfEventArray, MaxEntries: 0, IsEventStream: true });
        Assert.True(maps["counter_calls"] is { Type: MapType.Hash, KeySize: 8, ValueSize: 8, MaxEntries: 1024, Flags: 1, Role: MapRole.Counter });
        Assert.True(maps["gauge_level"] is { Type: MapType.PerCpuArray, IsPerCpu: true, Role: MapRole.Gauge });
        Assert.True(maps["hist_sizes"] is { Type: MapType.LruHash, KeySize: 12, ValueSize: 40, Key: null, Value: null, Role: MapRole.Histogram });
        Assert.True(maps["pinned"] is { IsPinned: true, ValueSize: 128, Role: MapRole.None });
        Assert.True(maps["queue"] is { KeySize: 0, ValueSize: 4 });
        Assert.True(maps["outer"].Inner is { Name: "outer.inner", Type: MapType.Hash, MaxEntries: 5 });
        Assert.True(maps["jumps"] is { Type: MapType.ProgramArray, ValueSize: 4 });
    }

    [ClangFact]
    public void Global_variables_live_in_internal_maps()
    {
        var maps = Fixtures.Read("maps").Maps.Where(m => m.IsInternal).ToDictionary(m => m.Name);
        Assert.Equal([".bss", ".bss.elsewhere", ".data", ".data.elsewhere", ".rodata.limits"], maps.Keys.Where(name => name[0] == '.').Order(StringComparer.Ordinal));
        Assert.Equal((".data.elsewhere", ".bss"), (maps["elsewhere"].Place!.Section, maps["total"].Place!.Section));
        Assert.Equal((8u, 4u, 4u), (maps[".bss"].ValueSize, maps[".data"].ValueSize, maps[".rodata.limits"].ValueSize));
        Assert.IsType<BtfDataSection>(maps[".data"].Value);

        // 8 + 4 + 4 + 1 + 32: by alignment, then by size.
        Assert.Equal(49u, Fixtures.Read("externs").Maps.Single(m => m.Name == ".kconfig").ValueSize);
    }

    [ClangFact]
    public void Sections_name_type_kind_and_target()
    {
        var programs = Fixtures.Read("programs").Programs.ToDictionary(p => p.Name);
        Check("tp_short", ProgramType.Tracepoint, "tracepoint", "syscalls/sys_enter_openat");
        Check("tp_long", ProgramType.Tracepoint, "tracepoint", "sched/sched_switch");
        Check("raw_short", ProgramType.RawTracepoint, "raw_tracepoint", "sched_switch");
        Check("raw_writable", ProgramType.RawTracepointWritable, "raw_tracepoint.w", "nbd_send_request");
        Check("typed", ProgramType.Tracing, "tp_btf", "sched_wakeup");
        Check("probe_many", ProgramType.Kprobe, "kprobe.multi", "tcp_*");
        Check("call", ProgramType.Kprobe, "ksyscall", "openat");
        Check("user", ProgramType.Kprobe, "uprobe", "/usr/bin/bash:readline");
        Check("user_bare", ProgramType.Kprobe, "uprobe", null);
        Check("static_probe", ProgramType.Kprobe, "usdt", "libc.so.6:libc:setjmp");
        Check("leave", ProgramType.Tracing, "fexit", "do_unlinkat");
        Check("modify", ProgramType.Tracing, "fmod_ret", "security_file_open");
        Check("hook", ProgramType.Lsm, "lsm", "file_open");
        Check("each_task", ProgramType.Tracing, "iter", "task");
        Check("sample", ProgramType.PerfEvent, "perf_event", null);
        Check("packet", ProgramType.Xdp, "xdp", null);
        Check("packet_frags", ProgramType.Xdp, "xdp.frags/cpumap", null);
        Check("traffic_in", ProgramType.SchedCls, "tcx/ingress", null);
        Check("cgroup_connect", ProgramType.CgroupSockAddr, "cgroup/connect4", null);
        Check("run", ProgramType.Syscall, "syscall", null);
        Check("operation", ProgramType.StructOps, "struct_ops", "init");
        Check("unknown", ProgramType.Unspecified, "", null);
        Check("nearly", ProgramType.Unspecified, "", null);
        Assert.True(programs["enter_sleeping"] is { Kind: "fentry", IsSleepable: true, AutoLoad: true, InstructionCount: 2 });
        Assert.True(programs["by_hand"] is { Kind: "fentry", AttachTo: "do_unlinkat", AutoLoad: false, SectionName: "?fentry/do_unlinkat" });
        Assert.Equal(45, programs.Count);

        void Check(string name, ProgramType type, string kind, string? target) =>
            Assert.Equal((type, kind, target), (programs[name].Type, programs[name].Kind, programs[name].AttachTo));
    }

    [ClangFact]
    public void Parameters_are_the_volatile_constants_and_initialized_numbers()
    {
        var parameters = Fixtures.Read("parameters").Parameters.ToDictionary(p => p.Name);
        Assert.Equal(
            ["elsewhere", "file_local", "limits", "min_ns", "mode", "name_filter", "table", "target_pid", "unused_ratio", "verbose", "written"],
            parameters.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("pid_t", 4, ".rodata"), (parameters["target_pid"].TypeName, parameters["target_pid"].Size, parameters["target_pid"].Section));
        Assert.Equal(42, BitConverter.ToInt32(parameters["target_pid"].Default.Span));
        Assert.Equal("bash"u8, parameters["name_filter"].Default.Span[..4]);
        Assert.Equal("char[16]", parameters["name_filter"].TypeName);
        Assert.Equal("u32[3][2]", parameters["table"].TypeName);
        Assert.Equal("struct limits", parameters["limits"].TypeName);
        Assert.Equal("enum mode", parameters["mode"].TypeName);
        Assert.Equal((".rodata.limits", 7), (parameters["elsewhere"].Section, BitConverter.ToInt32(parameters["elsewhere"].Default.Span)));
        Assert.Equal(3, BitConverter.ToInt32(parameters["file_local"].Default.Span));
    }

    [ClangFact]
    public void License_and_subprograms()
    {
        var file = Fixtures.Read("relocations");
        Assert.Equal("GPL", file.License);

        // uid_of, depth and step are in .text: they are called, not attached.
        Assert.Equal(["exec", "open"], file.Programs.Select(p => p.Name).Order());
    }

    [ClangFact]
    public void Struct_ops_is_a_map() =>
        Assert.True(Fixtures.Read("structops").Maps.Single(m => !m.IsInternal) is { Name: "fixture", Type: MapType.StructOps, ValueSize: 40 });

    [ClangFact]
    public void Read_takes_a_path_and_missing_files_are_the_systems_matter()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("named.o", Fixtures.Bytes("types"));
        Assert.Equal(path, ObjectFile.Read(path).Name);
        Assert.Throws<FileNotFoundException>(() => ObjectFile.Read(path + ".none"));
    }

    [ClangFact]
    public void Without_types_programs_are_read_all_the_same()
    {
        var file = ObjectFile.Read(Fixtures.Compile("untyped", "#include \"fixture.h\"\nSEC(\"xdp\") int f(void *c) { return 2; }", types: false), "untyped.o");
        Assert.Null(file.Btf);
        Assert.Equal("f", Assert.Single(file.Programs).Name);
    }

    [ClangFact]
    public void Unstripped_objects_are_read_too()
    {
        var source = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Objects", "fixtures", "relocations.bpf.c"));
        Assert.Equal(2, ObjectFile.Read(Fixtures.Compile("whole", source, isStripped: false), "whole.o").Programs.Count);
    }

    [BpftoolFact]
    public void Linked_objects_keep_their_offsets()
    {
        using var folder = new TemporaryFolder();
        var parts = new[] { "parameters", "relocations" }.Select(n => folder.Write(n + ".part.o", Fixtures.Bytes(n))).ToArray();
        var linked = parts[0] + ".linked";
        Fixtures.Run(Fixtures.Find("bpftool")!, ["gen", "object", linked, .. parts]);
        var file = ObjectFile.Read(linked);
        Assert.Equal(42, BitConverter.ToInt32(file.Parameters.Single(p => p.Name == "target_pid").Default.Span));
        Assert.Equal(3, BitConverter.ToInt32(file.Parameters.Single(p => p.Name == "file_local").Default.Span));
        Assert.Equal(3, file.Programs.Count);
    }
}
