using System.Buffers.Binary;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Posix;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Diagnostics;
using Bee.Toolchain.Tools;
using Bee.Toolchain.Vmlinux;

namespace Bee.Toolchain.Tests;

/// <summary>Compiling for processors other than this machine's.</summary>
public sealed class OtherPlatformTests : IDisposable
{
    private const string Common = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_RING(print_names, u64, 4096);
        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(struct trace_event_raw_sys_enter *ctx)
        {
            struct task_struct *task = (void *)bpf_get_current_task();
            u64 *event = bee_reserve(print_names, u64);
            if (!event)
                return 0;
            *event = ctx->args[1] + BPF_CORE_READ(task, tgid);
            bee_submit(event);
            return 0;
        }
        """;

    private readonly TemporaryFolder _folder = new();

    [CompileTheory]
    [InlineData("amd64", 1)]
    [InlineData("arm64", 1)]
    [InlineData("riscv64", 1)]
    [InlineData("loong64", 1)]
    [InlineData("ppc64le", 1)]
    [InlineData("mips64le", 1)]
    [InlineData("arm", 1)]
    [InlineData("386", 1)]
    [InlineData("s390x", 2)]
    [InlineData("ppc64", 2)]
    [InlineData("mips64", 2)]
    public void Common_types_compile_for_each_architecture_in_its_byte_order(string architecture, byte order)
    {
        CompileResult result = Compile(Common, architecture);

        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        Assert.Empty(result.Diagnostics);
        Assert.Equal(order, result.Object![5]);
    }

    [CompileFact]
    public void A_big_endian_object_has_a_little_endian_twin_that_can_be_read()
    {
        CompileResult twin = Compiler.Compile(new CompileRequest { Source = _folder.Write("a.bpf.c", Common), Architecture = "s390x", LittleEndian = true }, default);
        Assert.Contains(ObjectFile.Read(twin.Object!, "a").Maps, map => map.Name == "print_names");
    }

    [CompileTheory]
    [InlineData("SEC(\"kprobe/do_sys_openat2\") int BPF_KPROBE(f, int dfd) { return dfd; }", 3)]
    [InlineData("SEC(\"kprobe/do_sys_openat2\") int f(struct pt_regs *ctx) { return PT_REGS_PARM1(ctx); }", 3)]
    [InlineData("SEC(\"kretprobe/do_sys_openat2\") int BPF_KRETPROBE(f, int ret) { return ret; }", 3)]
    [InlineData("SEC(\"ksyscall/openat\") int BPF_KSYSCALL(f, int dfd) { return dfd; }", 3)]
    [InlineData("SEC(\"kprobe/x\") int f(struct pt_regs *ctx) { return ctx->ip + ctx->pc; }", 3)]
    [InlineData("SEC(\"raw_tp/sys_enter\") int BPF_PROG(f, struct pt_regs *regs, long id) { return PT_REGS_PARM2_CORE(regs); }", 3)]
    public void A_register_of_another_processor_is_an_error_at_its_place(string program, int line)
    {
        var others = new[] { "arm64", "s390x", "riscv64", "amd64" }.Where(name => TargetArchitecture.Name(name) != TargetArchitecture.Name(null));
        foreach (string architecture in others.Take(FullRun.Times(quick: 2, full: 3)))
        {
            CompileResult result = Compile($"#include \"bee.h\"\nBEE_LICENSE(\"GPL\");\n{program}\n", architecture);

            Assert.False(result.Success, architecture);
            Assert.False(result.HasRegisters);
            Assert.Equal(TargetArchitecture.Name(null), result.VmlinuxArchitecture);
            Diagnostic first = result.Diagnostics.First(item => item.Severity == DiagnosticSeverity.Error);
            Assert.Equal(("tool.bpf.c", line), (Path.GetFileName(first.File), first.Line));
            Assert.Contains("regs", first.Message, StringComparison.Ordinal);
        }
    }

    [CompileTheory]
    [InlineData("SEC(\"kprobe/do_sys_openat2\") int BPF_KPROBE(f) { return 0; }")]
    [InlineData("SEC(\"fentry/do_sys_openat2\") int BPF_PROG(f, int dfd) { return dfd; }")]
    [InlineData("SEC(\"perf_event\") int f(struct bpf_perf_event_data *ctx) { return ctx->sample_period; }")]
    public void Hidden_registers_do_not_break_programs_that_do_not_read_them(string program)
    {
        CompileResult result = Compile($"#include \"bee.h\"\nBEE_LICENSE(\"GPL\");\n{program}\n", "arm64");
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
    }

    [CompileFact]
    public void With_that_kernels_types_its_registers_are_read()
    {
        string btf = Arm64Types();
        CompileRequest request = Request("#include \"bee.h\"\nBEE_LICENSE(\"GPL\");\nSEC(\"kprobe/x\") int BPF_KPROBE(f, int a, int b) { return b; }\n", "arm64") with { VmlinuxBtf = btf };
        CompileResult result = Compiler.Compile(request, default);

        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        Assert.True(result.HasRegisters);
        Assert.Equal("arm64", result.VmlinuxArchitecture);

        CompileResult other = Compiler.Compile(request with { Architecture = "riscv64" }, default);
        Assert.False(other.Success);
        Assert.False(other.HasRegisters);
    }

    [CompileFact]
    public void Types_of_a_big_endian_kernel_are_turned_round()
    {
        byte[] little = BtfSection.Find(File.ReadAllBytes(Arm64Types()))!.Value.ToArray();
        string file = Path.Combine(_folder.Path, "big.btf");
        AtomicFile.Write(file, Turned(little));

        Assert.Equal(little, BtfByteOrder.ToLittleEndian(File.ReadAllBytes(file)));
        Assert.True(BtfByteOrder.IsBigEndian(File.ReadAllBytes(file)));
        Assert.Contains("struct user_pt_regs {", File.ReadAllText(VmlinuxHeader.GetOrCreate(file, out _)), StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_big_endian_types_are_reported()
    {
        var random = new Random(4);
        for (var i = 0; i < 2000; i++)
        {
            byte[] bytes = new byte[24 + random.Next(200)];
            random.NextBytes(bytes);
            BinaryPrimitives.WriteUInt16BigEndian(bytes, 0xeb9f);
            bytes[2] = 1;
            if (i % 2 == 0)
            {
                BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), 24);
            }

            Assert.Throws<BpfObjectException>(() => BtfSpec.Parse(BtfByteOrder.ToLittleEndian(bytes)));
        }
    }

    public void Dispose() => _folder.Dispose();

    // The test swaps the byte order itself, word by word, independently of the tested code.
    private static byte[] Turned(byte[] little)
    {
        byte[] big = [.. little];
        uint types = BinaryPrimitives.ReadUInt32LittleEndian(little.AsSpan(12));
        BinaryPrimitives.WriteUInt16BigEndian(big, 0xeb9f);
        for (int at = 4; at < 24 + types; at += 4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(big.AsSpan(at), BinaryPrimitives.ReadUInt32LittleEndian(little.AsSpan(at)));
        }

        return big;
    }

    private string Arm64Types()
    {
        string source = Path.GetFullPath(Path.Combine(Sources.Examples, "..", "tests", "fixtures", "arm64-kernel.c"));
        CompileResult made = Compiler.Compile(new CompileRequest { Source = source }, default);
        Assert.True(made.Success, string.Join('\n', made.Diagnostics));
        string file = Path.Combine(_folder.Path, "arm64.btf");
        AtomicFile.Write(file, made.Object!);
        return file;
    }

    private CompileResult Compile(string source, string architecture) => Compiler.Compile(Request(source, architecture), default);

    private CompileRequest Request(string source, string architecture) => new() { Source = _folder.Write("tool.bpf.c", source), Architecture = architecture };
}
