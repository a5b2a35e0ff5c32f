using Bee.Containers.Runtimes;

namespace Bee.Containers.Tests;

public class NameRequestsTests
{
    [Fact]
    public void Requests_of_a_user_with_a_slow_runtime_do_not_delay_those_of_root()
    {
        const int Number = 5000;
        using var release = new SemaphoreSlim(0);
        var (slow, fast) = (new SlowRuntime(1000, release), new FakeRuntime());
        fast.Add("web", "web");
        var order = new List<string>();
        using var queues = new NameQueues([slow, fast], (request, record) =>
        {
            lock (order)
            {
                order.Add(request.Id);
            }

            return true;
        });
        for (var i = 0; i < Number; i++)
        {
            queues.Add(Request($"{i}", 1000));
        }

        queues.Add(Request("web", 0));
        // The slow runtime has not answered its first request.
        Wait.Until(() => Count(order) > 0);
        Assert.Equal(["web"], order);
        release.Release(Number);
        Wait.Until(() => Count(order) == Number + 1);
        Assert.Equal(Number + 1, order.Distinct().Count());
    }

    [Fact]
    public void Requests_that_wait_are_limited()
    {
        using var release = new SemaphoreSlim(0);
        var runtime = new SlowRuntime(0, release);
        var (answered, atLast) = (0, 0);
        using var queues = new NameQueues([runtime], (request, _) =>
        {
            var count = Interlocked.Increment(ref answered);
            Volatile.Write(ref atLast, request.Id == "last" ? count : 0);
            return true;
        });
        queues.Add(Request("first", 0));
        Wait.Until(() => runtime.Asked == 1);
        for (var i = 0; i < NameRequests.MostWaiting + 100; i++)
        {
            queues.Add(Request($"{i}", 0));
        }

        release.Release(NameRequests.MostWaiting + 101);
        Wait.Until(() => Volatile.Read(ref answered) >= NameRequests.MostWaiting + 1);
        // The queue has room again. The runtime itself may be left alone now, because it was slow.
        queues.Add(Request("last", 0));
        Wait.Until(() => Volatile.Read(ref atLast) > 0);
        Assert.Equal(NameRequests.MostWaiting + 2, atLast);
    }

    private static NameRequests.Request Request(string id, uint user) => new(id, user, new KnownContainer(id, "", user));

    private static int Count(List<string> order)
    {
        lock (order)
        {
            return order.Count;
        }
    }

    /// <summary>Answers each request only when a test allows it.</summary>
    private sealed class SlowRuntime(uint user, SemaphoreSlim release) : IContainerRuntime
    {
        private int _asked;

        public string Name => "slow";

        public uint UserId => user;

        public int Asked => Volatile.Read(ref _asked);

        public ContainerRecord? Find(string id, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            release.Wait(cancellationToken);
            return new ContainerRecord { Id = id, UserId = user };
        }

        public IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken) => [];
    }
}
