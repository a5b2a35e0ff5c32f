using System.Runtime.InteropServices;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Toolchain.Tests;

/// <summary>bee.h's count of events that a full ring dropped.</summary>
[Collection(Alone.Name)]
public class LossTests
{
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 1);
        BEE_PARAM(long, call, 0);
        struct event { u64 number; };
        BEE_RING(print_a_name_that_is_longer_than_thirty_two_bytes, struct event, 4096);
        SEC("raw_tp/sys_enter")
        int enter(struct bpf_raw_tracepoint_args *ctx)
        {
            struct event *event, copy = { .number = 2 };
            if (!bee_targeted(target_pid) || ctx->args[1] != call)
                return 0;
            event = bee_reserve(print_a_name_that_is_longer_than_thirty_two_bytes, struct event);
            if (event) {
                event->number = 1;
                bee_submit(event);
            }
            bee_output(print_a_name_that_is_longer_than_thirty_two_bytes, &copy, sizeof(copy));
            return 0;
        }
        """;

    private const int Calls = 1000;

    [DllImport("libc")]
    private static extern int getpgid(int pid);

    [KernelFact]
    public void Every_event_is_either_read_or_counted_as_lost()
    {
        var file = Sources.Compile(Source);
        using var session = BpfSession.Load(file, new BpfSessionOptions
        {
            Parameters =
            {
                ["target_pid"] = Environment.ProcessId,
                ["call"] = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 121L : 155L,
            },
        });
        session.Attach();
        // Nothing reads the ring of one page yet, so it fills up early.
        for (var i = 0; i < Calls; i++)
        {
            getpgid(0);
        }

        var sink = new Sink();
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        reader.Run(sink, CancellationToken.None, TimeSpan.FromMilliseconds(300));

        Assert.InRange(sink.Read, 1, Calls);
        Assert.Equal(2UL * Calls, (ulong)sink.Read + sink.Lost);
    }

    private sealed class Sink : IEventSink
    {
        internal int Read { get; private set; }

        internal ulong Lost { get; private set; }

        public bool Event(BpfEvent e)
        {
            Read++;
            return true;
        }

        void IEventSink.Lost(string map, ulong count) => Lost += count;
    }
}
