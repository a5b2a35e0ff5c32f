using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class VerifierTests
{
    private const string Maps = """
        #include "fixture.h"
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } one SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
        struct gone { int field; } __attribute__((preserve_access_index));
        const volatile int setting = 1;
        __noinline int untyped(void *at) { return at ? *(volatile __u64 *)at : 0; }


        """;

    [KernelFact]
    public void A_rejection_has_a_one_line_verdict_and_the_whole_log()
    {
        var e = Rejected("raw_tp/sys_enter", "return *(volatile int *)0;");

        Assert.Equal(LoadFault.VerifierRejected, e.Fault);
        Assert.Equal("bad", e.Program);
        Assert.Contains("R1 invalid mem access 'scalar'", e.Message);
        Assert.Contains("VerifierLog", e.Message);
        Assert.DoesNotContain('\n', e.Message);
        Assert.DoesNotContain("processed ", e.Message);
        Assert.Contains("invalid mem access", e.VerifierLog);
        Assert.Contains("processed ", e.VerifierLog);
        Assert.Matches(@"(?m)^\d+: \([0-9a-f]{2}\) ", e.VerifierLog);
        Assert.Equal(Bee.Posix.Libc.EACCES, e.Errno);
    }

    [KernelTheory]
    [InlineData("raw_tp/sys_enter", "return *(volatile char *)bpf_get_current_task();", "bpf_probe_read_kernel")]
    [InlineData("raw_tp/sys_enter", "return *(volatile __u64 *)bpf_map_lookup_elem(&one, &key);", "compare it with NULL")]
    [InlineData("raw_tp/sys_enter", "bpf_ringbuf_submit(bpf_ringbuf_reserve(&ring, 8, 0), 0); return 0;", "compare it with NULL")]
    [InlineData("raw_tp/sys_enter", "return bpf_ringbuf_reserve(&ring, 8, 0) != 0;", "bee_discard")]
    [InlineData("raw_tp/sys_enter", "char *at = bpf_map_lookup_elem(&one, &key); return at ? *(volatile char *)(at + (bpf_get_prandom_u32() & 0xffff)) : 0;", "compare or mask it")]
    [InlineData("raw_tp/sys_enter", "char b[16]; bpf_probe_read_kernel(b, bpf_get_prandom_u32(), 0); return 0;", "compare or mask it")]
    [InlineData("raw_tp/sys_enter", "char b[16]; bpf_get_current_comm(b, 64); return 0;", "compare or mask it")]
    [InlineData("raw_tp/sys_enter", "while (bpf_get_prandom_u32()) ; return 0;", "constant bound")]
    [InlineData("raw_tp/sys_enter", "return ((int (*)(void))9999)();", "helper or kernel function that this kernel does not have")]
    [InlineData("sk_lookup", "return 3;", "only the values that the verdict names")]
    [InlineData("sk_lookup", "return bpf_get_prandom_u32();", "only the values that the verdict names")]
    [InlineData("raw_tp/sys_enter", "__u64 *at = bpf_map_lookup_elem(&one, &key); if (!at) return 0; __u64 flags = (__u64)at; asm volatile(\"%0 |= 1\" : \"+r\"(flags)); return flags;", "*p was meant instead of p")]
    [InlineData("raw_tp/sys_enter", "__u64 flags = (__u64)context; asm volatile(\"%0 *= 3\" : \"+r\"(flags)); return flags;", "*p was meant instead of p")]
    [InlineData("raw_tp/sys_enter", "__u64 value = key; return untyped(&value);", "not void *")]
    [InlineData("xdp", "char *data = (void *)(long)((struct xdp_md *)context)->data; return *(volatile char *)(data + 12) ? 1 : 2;", "data_end")]
    [InlineData("xdp", "return *(volatile int *)(context + 200) ? 1 : 2;", "Read whole fields")]
    [InlineData("raw_tp/sys_enter", "*(volatile int *)&setting = 3; return 0;", "read-only memory")]
    [InlineData("raw_tp/sys_enter", "char *at = bpf_map_lookup_elem(&one, &key); return at ? __sync_fetch_and_add((__u64 *)(at + 1), 1) : 0;", "multiple of its size")]
    [InlineData("raw_tp/sys_enter", "__u64 x; asm volatile(\"%0 = r7\" : \"=r\"(x)); return x;", "uninitialized memory")]
    [InlineData("raw_tp/sys_enter", "bpf_ringbuf_submit(context, 0); return 0;", "a value of the wrong kind")]
    [InlineData("raw_tp/sys_enter", "char b[8]; return bpf_copy_from_user(b, 8, (void *)8);", "end in .s")]
    [InlineData("raw_tp/sys_enter", "struct gone *at = context; return at->field;", "bpf_core_field_exists")]
    public void A_verdict_has_a_source_line_and_a_remedy(string section, string body, string advice)
    {
        var e = Rejected(section, body);

        Assert.Equal(LoadFault.VerifierRejected, e.Fault);
        Assert.Contains(advice, e.Remedy);
        Assert.EndsWith("failing.c", e.File);
        Assert.Equal(Line(body), e.Line);
        Assert.True(e.Column > 0);
        Assert.Contains($"{e.File}:{e.Line}:{e.Column}", e.Message);
    }

    [KernelFact]
    public void A_leaked_reservation_is_reported_at_the_reservation()
    {
        var e = Rejected("raw_tp/sys_enter", "void *event = bpf_ringbuf_reserve(&ring, 8, 0);\n    if (!event) return 0;\n    if (key & 1) return 1;\n    bpf_ringbuf_discard(event, 0); return 0;");

        Assert.Equal(Line("void *event"), e.Line);
    }

    [KernelFact]
    public void A_fault_in_a_called_function_is_reported_there()
    {
        var e = Fails("""
            #include "fixture.h"
            static __noinline int last(long at)
            {
                return *(volatile int *)at;
            }
            static __noinline int unused_first(long at) { volatile long x = at; return x; }
            static long turn(unsigned n, void *context)
            {
                return unused_first(n) + last(n + 1);
            }
            SEC("raw_tp/sys_enter") int bad(void *context)
            {
                bpf_loop(3, turn, 0, 0);
                return 0;
            }
            """);

        Assert.Equal(LoadFault.VerifierRejected, e.Fault);
        Assert.Equal(4, e.Line);
        Assert.Contains("return *(volatile int *)at;", e.Message);
    }

    [KernelFact]
    public void A_very_long_log_keeps_its_end()
    {
        // A million instructions are too many.
        var turns = FullRun.Times(quick: 30_000, full: 1_000_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var e = Rejected("raw_tp/sys_enter", $"for (__u64 n = 0; n < {turns}; n++) bpf_ktime_get_ns(); return *(volatile int *)0;");
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(LoadFault.VerifierRejected, e.Fault);
        Assert.Contains(FullRun.IsOn ? "too large" : "invalid mem access", e.Message);
        Assert.Contains(FullRun.IsOn ? "too large" : "invalid mem access", e.VerifierLog);
        Assert.Equal(FullRun.IsOn ? Bee.Posix.Libc.E2BIG : Bee.Posix.Libc.EACCES, e.Errno);
        Assert.StartsWith("[…]", e.VerifierLog);
        Assert.InRange(e.VerifierLog!.Length, VerifierLogs.InstructionsSize / 2, VerifierLogs.InstructionsSize + VerifierLogs.VerdictSize);
        Assert.Equal(Line("for (__u64 n"), e.Line);
        Assert.InRange(allocated, 0, 100 << 20);
    }

    [KernelFact]
    public void A_log_that_fits_is_complete()
    {
        var e = Rejected("raw_tp/sys_enter", """
            for (int i = 0; i < 2000; i++) {
                __u64 *value = bpf_map_lookup_elem(&one, &key);
                if (value)
                    *(volatile __u64 *)value += bpf_ktime_get_ns();
            }
            return *(volatile int *)0;
            """);

        Assert.True(e.VerifierLog!.Length > 100_000, $"{e.VerifierLog.Length}");
        Assert.DoesNotContain("[…]", e.VerifierLog);
        Assert.Contains("invalid mem access", e.VerifierLog);
    }

    [Fact]
    public void Verdict_leaves_out_statistics_and_states()
    {
        Assert.Equal(["infinite loop detected at insn 0"], VerifierText.Verdict("""
            arg#0 reference type('UNKNOWN ') size cannot be determined: -22
            ; while (f()) ; @ p.bpf.c:3
            infinite loop detected at insn 0
            cur state: R0=scalar() R10=fp0
            old state: R0=scalar() R10=fp0
            verification time 35 usec
            stack depth 0
            processed 13 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0
            """));
        // The text of Linux 6.1.
        Assert.Equal(["R1 invalid mem access 'scalar'"], VerifierText.Verdict("reg type unsupported for arg#0 function f#18\nR1 invalid mem access 'scalar'\nprocessed 2 insns (limit 1000000)\n"));
        Assert.Equal("arg#0 reference type('UNKNOWN ') size cannot be determined: -22", VerifierText.Parameters("arg#0 reference type('UNKNOWN ') size cannot be determined: -22\nprocessed 0 insns (limit 1000000)\n"));
        // The log of a program that was rejected before the verifier followed it.
        Assert.Empty(VerifierText.Verdict("processed 0 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"));
    }

    [Theory]
    [InlineData("Unreleased reference id=2 alloc_insn=4", 4)]
    [InlineData("unreachable insn 7", 7)]
    [InlineData("back-edge from insn 9 to 3", 9)]
    [InlineData("R1 bad", 12)]
    public void Instruction_is_the_named_one_or_the_last(string verdict, int number) =>
        Assert.Equal(number, VerifierText.Instruction([verdict], "0: R1=ctx() R10=fp0\n0: (bf) r6 = r1\nfrom 5 to 7: R1=ctx()\n12: (79) r1 = *(u64 *)(r1 +0)\nR1 bad\nprocessed 3 insns\n"));

    [Fact]
    public void Instruction_is_null_for_a_log_without_its_end() => Assert.Null(VerifierText.Instruction(["R1 bad"], "0: (bf) r6 = r1\n1: (bf) r6 = r1\n2: (7"));

    [Fact]
    public void Join_appends_the_verdict_to_a_log_without_its_end() =>
        Assert.Equal("0: (b7) r0 = 0\n[…]\nR1 bad\nprocessed 1\n", VerifierText.Join("R1 bad\nprocessed 1\n", "0: (b7) r0 = 0\n1: (b7", isCut: true));

    private static int Line(string text) => 1 + Source("raw_tp/sys_enter", text)[..Source("raw_tp/sys_enter", text).LastIndexOf(text, StringComparison.Ordinal)].Count(c => c == '\n');

    private static string Source(string section, string body) => $$"""
        {{Maps}}SEC("{{section}}") int bad(void *context)
        {
            __u32 key = bpf_get_prandom_u32();
            {{body}}
        }
        """;

    private static BpfLoadException Rejected(string section, string body) => Fails(Source(section, body), section);

    private static BpfLoadException Fails(string source, string section = "") => Assert.Throws<BpfLoadException>(() =>
        BpfSession.Load(Fixture.Compile("failing", source), new BpfSessionOptions { Interfaces = section == "xdp" ? ["lo"] : [], NetworkNamespace = section == "sk_lookup" ? "/proc/self/ns/net" : null }).Dispose());
}
