using Bee.Ebpf;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Tests.Compatibility;
using Xunit.Abstractions;

namespace Bee.Toolchain.Tests;

/// <summary>Checks of real programs before they are loaded match libbpf's numbers and the verifier's verdict. Nothing is attached.</summary>
public class CompatibilityTests(ITestOutputHelper output)
{
    // In BumbleBee's style: structs of vmlinux.h, read with BPF_CORE_READ, including bitfields.
    private const string Solo = """
        #include "vmlinux.h"
        #include "solo_types.h"
        #include "bpf/bpf_helpers.h"
        #include "bpf/bpf_core_read.h"
        #include "bpf/bpf_tracing.h"

        char __license[] SEC("license") = "Dual MIT/GPL";
        struct dimensions { ipv4_addr saddr; ipv4_addr daddr; u16 dport; u8 state; u64 flags; char comm[16]; } __attribute__((packed));
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8192); __type(key, struct dimensions); __type(value, u64); } counter_connections SEC(".maps");

        SEC("kprobe/tcp_v4_connect")
        int BPF_KPROBE(connect, struct sock *sk)
        {
            struct dimensions d = {};
            struct task_struct *task = (void *)bpf_get_current_task();
            u64 one = 1;

            d.saddr = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
            d.daddr = BPF_CORE_READ(sk, __sk_common.skc_daddr);
            d.dport = BPF_CORE_READ(sk, __sk_common.skc_dport);
            d.state = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_no_check_tx);
            d.flags = BPF_CORE_READ(task, mm, total_vm) ? 1 : 0;
            BPF_CORE_READ_STR_INTO(&d.comm, task, group_leader, comm);
            if (bpf_core_type_exists(struct bpf_array) && bpf_core_field_exists(sk->sk_mark))
                d.flags += bpf_core_enum_value(enum bpf_map_type, BPF_MAP_TYPE_RINGBUF) + bpf_core_type_size(struct sock);
            bpf_map_update_elem(&counter_connections, &d, &one, BPF_ANY);
            return 0;
        }
        """;

    [KernelFact]
    public void Relocations_match_libbpf_and_the_verdict_matches_the_verifier()
    {
        var kernel = TargetKernel.Running();
        var compared = 0;
        foreach (var (name, file) in Directory.GetDirectories(Sources.Examples).Select(f => Path.GetFileName(f)!).Order().Select(name => (name, ExampleTests.Compile(name))).Append(("solo", Sources.Compile(Solo))))
        {
            var log = new LoaderLog();
            bool? loads = true;
            try
            {
                BpfSession.Load(file, new BpfSessionOptions { Interfaces = file.Programs.Any(p => ProgramKinds.Find(p.Kind) is { NeedsInterface: true }) ? ["lo"] : [], Log = log.Add }).Dispose();
            }
            catch (BpfLoadException fault)
            {
                // Some kernels reject whole kinds of programs without verifying them, which says nothing about their code.
                loads = fault.Fault == LoadFault.VerifierRejected ? false : null;
                output.WriteLine($"{name}: {fault.Message}");
            }

            var (count, differences) = log.Compare(CompatibilityCheck.Relocations(file, kernel));
            Assert.True(differences.Count == 0, $"{name}:\n{string.Join('\n', differences)}");
            compared += count;

            // For most kinds, loading does not check the target.
            var failed = CompatibilityCheck.Run(file, kernel).Where(f => f is { State: CheckState.Failed, Name: not "AttachTargets" }).ToList();
            Assert.True(loads is null || loads == (failed.Count == 0), $"{name}: {(loads == true ? "loads" : "does not load")}, and Bee says: {string.Join("; ", failed.Select(f => f.Message))}");
            output.WriteLine($"{name}: {count} relocations as in libbpf");
        }

        Assert.InRange(compared, 30, int.MaxValue);
    }
}
