namespace Bee.Cmdlets.Tests;

/// <summary>C sources for the tests.</summary>
internal static class Sources
{
    /// <summary>Counts in every kind of polled map, and streams events.</summary>
    public const string Calls = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);
        BEE_PARAM(u8, small, 1);

        struct caller { pid_t pid; char comm[16]; };
        struct seen { u64 number; pid_t pid; };

        BEE_HASH(counter_calls, struct caller, u64, 128);
        BEE_ARRAY(gauge_last, u64, 2);
        BEE_PERCPU_ARRAY(counter_cpu, u64, 1);
        BEE_RING(print_seen, struct seen, 4096);
        BEE_HASH(quiet_with_a_name_longer_than_the_kernel_keeps, u32, u64, 8);

        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(struct trace_event_raw_sys_enter *ctx)
        {
            struct caller caller = {};
            u32 zero = 0;
            u64 *count, *last;
            struct seen *seen;

            if (!bee_targeted(target_pid))
                return 0;
            caller.pid = bee_pid();
            bpf_get_current_comm(caller.comm, sizeof(caller.comm));
            bee_count(&counter_calls, &caller);
            bee_count(&quiet_with_a_name_longer_than_the_kernel_keeps, &zero);
            count = bpf_map_lookup_elem(&counter_cpu, &zero);
            if (count)
                *count += 1;
            last = bpf_map_lookup_elem(&gauge_last, &zero);
            if (!last)
                return 0;
            __sync_fetch_and_add(last, small);
            seen = bee_reserve(print_seen, struct seen);
            if (!seen)
                return 0;
            seen->number = *last;
            seen->pid = caller.pid;
            bee_submit(seen);
            return 0;
        }
        """;

    /// <summary>One openat of target_pid writes more events than the ring buffer can hold. The lost ones are counted.</summary>
    public const string Flood = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);
        struct seen { u64 number; u64 filler[6]; };
        BEE_RING(print_flood, struct seen, 4096);

        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(struct trace_event_raw_sys_enter *ctx)
        {
            struct seen seen = {};
            if (!target_pid || !bee_targeted(target_pid))
                return 0;
            for (int i = 0; i < 100; i++) {
                seen.number = i;
                bee_output(print_flood, &seen, sizeof(seen));
            }
            return 0;
        }
        """;

    /// <summary>Returns a source with one program in this section and with this body.</summary>
    public static string Program(string section, string body = "return 0;", string before = "") => $$"""
        #include "bee.h"
        BEE_LICENSE("GPL");
        {{before}}
        BEE_RING(print_events, u32, 4096);
        SEC("{{section}}")
        int program(void *ctx)
        {
            {{body}}
        }
        """;
}
