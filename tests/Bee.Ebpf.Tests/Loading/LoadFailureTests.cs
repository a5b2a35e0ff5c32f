using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class LoadFailureTests
{
    [KernelFact]
    public void An_unknown_parameter_is_reported_with_the_known_names()
    {
        var e = Assert.Throws<BpfParameterException>(() => Fixture.Object("calls").BindParameters(new Dictionary<string, object?> { ["target_pit"] = 1 }));

        Assert.Equal("ParameterNotFound", e.Id);
        Assert.Equal(["target_pid"], e.Suggestions);
        Assert.Contains("quiet (int)", e.Message);
    }

    [KernelFact]
    public void Load_rejects_a_kind_that_Bee_does_not_attach()
    {
        var e = Fails("""SEC("lwt_in") int packet(struct __sk_buff *context) { return 0; }""");

        Assert.Equal(LoadFault.Unsupported, e.Fault);
        Assert.Contains("'lwt_in'", e.Message);
        Assert.Equal("packet", e.Program);
    }

    [KernelFact]
    public void Load_names_a_section_of_unknown_kind()
    {
        var e = Fails("""SEC("tracepont/syscalls/sys_enter_getpgid") int f(void *context) { return 0; }""");

        Assert.Equal(LoadFault.Unsupported, e.Fault);
        Assert.Contains("tracepoint", e.Suggestions);
    }

    [KernelFact]
    public void Load_names_a_map_that_the_kernel_does_not_create()
    {
        var e = Fails("""
            struct big { char bytes[40000]; };
            struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, struct big); } too_large_for_a_cpu SEC(".maps");
            SEC("raw_tp/sys_enter") int f(void *context) { __u32 key = 0; return bpf_map_lookup_elem(&too_large_for_a_cpu, &key) != 0; }
            """);

        Assert.Equal(LoadFault.MapCreate, e.Fault);
        Assert.Contains("'too_large_for_a_cpu'", e.Message);
    }

    [KernelFact]
    public void A_map_of_any_size_is_read_and_the_kernels_rejection_is_reported()
    {
        var file = Fixture.Compile("large", """
            #include "fixture.h"
            struct address { __u32 length, address; };
            struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 600000000); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, struct address); __type(value, __u32); } trie SEC(".maps");
            struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4294967295U); __type(key, __u32); __type(value, __u64); } too_many SEC(".maps");
            SEC("raw_tp/sys_enter") int f(void *context) { __u32 key = 0; return bpf_map_lookup_elem(&too_many, &key) != 0; }
            """);
        var e = Assert.Throws<BpfLoadException>(() => BpfSession.Load(file, new BpfSessionOptions()).Dispose());

        Assert.Equal([600_000_000u, uint.MaxValue], file.Maps.Where(m => !m.IsInternal).Select(m => m.MaxEntries).Order());
        Assert.Equal(LoadFault.MapCreate, e.Fault);
        Assert.Contains("'too_many'", e.Message);
        Assert.Contains("4294967295 entries", e.Message);
        Assert.Contains("lower max_entries", e.Remedy);
    }

    [KernelFact]
    public void Load_names_the_missing_capabilities()
    {
        var file = Fixture.Object("calls");
        var e = OtherWorlds.WithoutCapabilities(() => Assert.Throws<BpfLoadException>(() => Calls.Load(file)));

        Assert.Equal(LoadFault.NoPermission, e.Fault);
        Assert.Contains("CAP_BPF and CAP_PERFMON", e.Message);
        Assert.Contains("sudo", e.Remedy);
        Assert.Contains("unprivileged_bpf_disabled", e.Remedy);
    }

    [KernelFact]
    public void Load_reports_a_kernel_without_BTF()
    {
        var file = Fixture.Object("kinds");
        var e = OtherWorlds.WithoutKernelBtf(() => Assert.Throws<BpfLoadException>(() => Calls.Load(file)));

        Assert.Equal(LoadFault.NoKernelBtf, e.Fault);
        Assert.Contains("CONFIG_DEBUG_INFO_BTF", e.Remedy);
    }

    [Fact]
    public void A_library_that_is_missing_or_not_libbpf_is_reported()
    {
        Assert.Contains("cannot be loaded", Libbpf.Open("libbpf-that-is-not-there.so.1").Problem);
        Assert.Contains("older than libbpf 1.0", Libbpf.Open("libc.so.6").Problem);
    }

    [Fact]
    public void Version_is_the_version_of_the_library() => Assert.Matches(@"^1\.\d+$", Libbpf.Version);

    [KernelFact]
    public void The_log_of_libbpf_goes_to_the_loading_session()
    {
        var lines = new List<string>();
        using var session = BpfSession.Load(Fixture.Object("calls"), new BpfSessionOptions { Log = lines.Add });

        Assert.Contains(lines, l => l.Contains("counter_by_argument"));
        Assert.All(lines, l => Assert.DoesNotContain('\n', l));
    }

    [KernelFact]
    public void Load_blocks_SIGCHLD()
    {
        const ulong SigChld = 1UL << 16;
        var during = new List<ulong>();
        using var session = BpfSession.Load(Fixture.Object("calls"), new BpfSessionOptions { Log = line => during.Add(line.Contains("created successfully") ? Blocked() & SigChld : SigChld) });

        Assert.NotEmpty(during);
        Assert.All(during, blocked => Assert.Equal(SigChld, blocked));
        Assert.Equal(0UL, Blocked() & SigChld);
    }

    // The signals that this thread does not receive.
    private static ulong Blocked() => Convert.ToUInt64(File.ReadLines("/proc/thread-self/status").First(line => line.StartsWith("SigBlk:", StringComparison.Ordinal))[7..].Trim(), 16);

    private static BpfLoadException Fails(string program) => Assert.Throws<BpfLoadException>(
        () => BpfSession.Load(Fixture.Compile("failing", "#include \"fixture.h\"\n" + program), new BpfSessionOptions()).Dispose());
}
