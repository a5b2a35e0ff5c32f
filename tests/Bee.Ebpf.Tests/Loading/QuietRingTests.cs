using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Records that a program submits without a wake-up (BPF_RB_NO_WAKEUP).</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class QuietRingTests : IDisposable
{
    private const string Source = """
        #include "fixture.h"
        struct call { __u64 number; };
        struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct call); } print_quiet SEC(".maps");
        SEC("tracepoint/syscalls/sys_enter_getpgid") int on_getpgid(void *context)
        {
        	struct call *call = TARGETED ? bpf_ringbuf_reserve(&print_quiet, sizeof(*call), 0) : 0;
        	if (!call)
        		return 0;
        	call->number = 7;
        	bpf_ringbuf_submit(call, BPF_RB_NO_WAKEUP);
        	return 0;
        }
        """;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);
    private static readonly Lazy<ObjectFile> s_object = new(() => Fixture.Compile("quiet", Source));

    private readonly BpfSession _session = Calls.Load(s_object.Value);

    public void Dispose() => _session.Dispose();

    [KernelFact]
    public async Task A_waiting_reader_gets_a_quiet_record()
    {
        using var reader = _session.OpenReader(new() { Select = map => map.IsEventStream });
        using var stop = new CancellationTokenSource(s_limit);
        var sink = new CollectingSink { OnEvent = _ => false };
        await AssertWakes(() =>
        {
            reader.Run(sink, stop.Token);
            return sink.Count;
        });
    }

    [KernelFact]
    public async Task A_waiting_stream_gets_a_quiet_record()
    {
        using var stop = new CancellationTokenSource(s_limit);
        await AssertWakes(() => _session.Events("print_quiet").Read(stop.Token).Take(1).Count());
    }

    [KernelFact]
    public async Task A_waiting_raw_ring_gets_a_quiet_record()
    {
        using var ring = RingBuffer.Open(_session.Map("print_quiet"));
        await AssertWakes(() => ring.Wait(s_limit) ? 1 : 0);
    }

    [KernelFact]
    public async Task A_waiting_asynchronous_stream_gets_a_quiet_record()
    {
        _session.Attach();
        using var stop = new CancellationTokenSource(s_limit);
        await using var events = _session.Events("print_quiet").ReadAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        var next = events.MoveNextAsync();
        Assert.False(next.IsCompleted);
        _ = Calls.GetProcessGroup(0);

        Assert.True(await next);
        Assert.Equal(7ul, events.Current["number"]);
    }

    // Submits the record when the reader's thread waits in epoll: a reader that is about to wait would find it anyway.
    private async Task AssertWakes(Func<int> read)
    {
        _session.Attach();
        var started = new TaskCompletionSource<string>();
        var reading = Task.Factory.StartNew(
            () =>
            {
                started.SetResult($"/proc/self/task/{Path.GetFileName(new FileInfo("/proc/thread-self").LinkTarget)}/wchan");
                return read();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var status = await started.Task;
        Assert.True(SpinWait.SpinUntil(() => File.ReadAllText(status).Contains("poll", StringComparison.Ordinal), s_limit));
        _ = Calls.GetProcessGroup(0);

        Assert.Equal(1, await reading.WaitAsync(2 * s_limit));
    }
}
