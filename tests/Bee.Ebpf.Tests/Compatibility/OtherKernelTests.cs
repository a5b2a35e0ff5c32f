using Bee.Ebpf.Btf;
using Bee.Ebpf.Checks;
using Bee.Ebpf.CoRe;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Tests.Objects;

namespace Bee.Ebpf.Tests.Compatibility;

/// <summary>Checks against kernels of which only the types are available, including those of modules.</summary>
public class OtherKernelTests
{
    private const string Kernel = """
        #include "fixture.h"
        struct own { int a; long b; };
        struct list { struct list *next; };
        enum bpf_prog_type { BPF_PROG_TYPE_UNSPEC, BPF_PROG_TYPE_RAW_TRACEPOINT = 17 };
        enum bpf_map_type { BPF_MAP_TYPE_UNSPEC, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY };
        enum bpf_func_id { BPF_FUNC_unspec, BPF_FUNC_map_lookup_elem = 1, BPF_FUNC_probe_read = 4 };
        typedef void (*btf_trace_known)(void *);
        """;

    private static readonly string[] s_used = ["struct own", "struct list", "enum bpf_prog_type", "enum bpf_map_type", "enum bpf_func_id", "btf_trace_known"];

    [ClangFact]
    public void Missing_kernel_features_are_found()
    {
        var kernel = KernelTypes.Kernel(KernelTypes.Compile(Kernel, s_used));
        var findings = Check(kernel, """
            struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
            struct own { int a; int c; } __attribute__((preserve_access_index));
            int out;
            SEC("raw_tp/unknown") int raw(u64 *ctx) { read_kernel(&out, 4, &((struct own *)ctx)->c); return 0; }
            SEC("raw_tp/known") int fine(u64 *ctx) { get_pid_tgid(); return 0; }
            SEC("xdp") int packets(void *ctx) { return 2; }
            """);
        string[] failed = [.. findings.Where(f => f.State == CheckState.Failed).Select(f => $"{f.Name} {f.Target}")];
        Assert.Equal(["AttachTargets raw", "Helpers number 14", "MapTypes ring", "ProgramTypes packets", "Relocations struct own.c"], failed.Order(StringComparer.Ordinal));

        // probe_read_kernel does not exist either, and libbpf uses probe_read.
        var relocation = findings.Single(f => f.Name == "Relocations" && f.State == CheckState.Failed);
        Assert.Contains("struct own has no member c", relocation.Message, StringComparison.Ordinal);
        Assert.Contains("test.bpf.c:", relocation.Message, StringComparison.Ordinal);
        Assert.Contains("a", relocation.Remedy!, StringComparison.Ordinal);
    }

    [ClangFact]
    public void A_modules_types_continue_the_kernels()
    {
        var below = BtfSpec.ParseKernel(KernelTypes.Compile(Kernel, s_used));
        var own = below.Find("own", BtfKind.Struct)!;

        // struct module { struct own first; char tail[] }, and a function of the module with a name that the kernel also has.
        var strings = (uint)below.Table.StringsLength;
        var ids = (uint)below.Types.Count;
        byte[] text = [0, .. "module\0first\0size\0"u8];
        uint[] types =
        [
            strings + 1, (uint)BtfKind.Struct << 24 | 2, 24,
            strings + 8, own.Id, 0,
            strings + 14, ids + 1, 128,
            strings + 14, (uint)BtfKind.Int << 24, 8, 64,
        ];
        uint[] header = [0x0001_eb9f, 24, 0, (uint)(4 * types.Length), (uint)(4 * types.Length), (uint)text.Length];
        byte[] section = [.. header.Concat(types).SelectMany(BitConverter.GetBytes), .. text];
        var module = BtfSpec.ParseKernel(section, below);

        var found = Assert.IsType<BtfStruct>(module.Find("module", BtfKind.Struct));
        Assert.Same(own, found.Members[0].Type);
        Assert.Same(own, module.Find("own", BtfKind.Struct));
        Assert.Equal((ids, ids + 2, 24), (found.Id, (uint)module.Types.Count, found.Size));

        var kernel = TargetKernel.FromTypes("kernel", below, new KernelModule("m", module));
        var file = Fixtures.Compile("test", """
            #include "fixture.h"
            struct own { long b; } __attribute__((preserve_access_index));
            struct module { long size; struct own first; } __attribute__((preserve_access_index));
            u64 out;
            SEC("raw_tp/known") int f(u64 *ctx) { struct module *m = (void *)ctx[0]; read_kernel(&out, 8, &m->size); read_kernel(&out, 8, &m->first.b); return 0; }
            """);
        var results = CompatibilityCheck.Relocations(ObjectFile.Read(file, "test.o"), kernel);
        Assert.Equal([16ul, 8], results.Select(r => r.TargetValue));
        Assert.All(results, r => Assert.Equal(RelocationState.Resolved, r.State));
    }

    [Fact]
    public void A_file_without_types_is_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(ObjectFault.NoBtf, Assert.Throws<BpfObjectException>(() => TargetKernel.FromFile(folder.Write("a", "text"u8.ToArray()))).Fault);
        Assert.Throws<BpfObjectException>(() => TargetKernel.FromFile(folder.Write("b", [0x9f, 0xeb, 1, .. new byte[40]])));
        Assert.Contains("folder", Assert.Throws<BpfObjectException>(() => TargetKernel.FromFile("/")).Message);
    }

    private static List<CheckResult> Check(TargetKernel kernel, string source) =>
        [.. CompatibilityCheck.Run(ObjectFile.Read(Fixtures.Compile("test", "#include \"fixture.h\"\n" + source), "test.o"), kernel)];
}
