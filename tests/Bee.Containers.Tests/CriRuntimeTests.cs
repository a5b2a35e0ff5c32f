using Bee.Containers.Runtimes;
using Bee.Isolated;

namespace Bee.Containers.Tests;

/// <summary>CRI, without a runtime.</summary>
public sealed class CriRuntimeTests : IDisposable
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly TemporaryState _state = new();

    public void Dispose() => _state.Dispose();

    private CriRuntime Open() => new("containerd", new RuntimeSocket(_state.In("sock"), 0) { Timeout = TimeSpan.FromMinutes(1) });

    [RootFact]
    public void Runtime_that_is_absent_silent_or_not_CRI_has_no_container()
    {
        using CriRuntime cri = Open();
        Assert.Empty(cri.List(default));
        Assert.Null(cri.Find(Id, default));
        using (var server = new SocketServer(_state.In("sock"), _ => SocketServer.Http("{}")))
        {
            Assert.Empty(cri.List(default));
        }

        File.Delete(_state.In("sock"));
        using (var server = new SocketServer(_state.In("sock"), _ => [0, 0, 0, 4, 0, 0, 0, 0, 0, 255, 255, 255]))
        {
            Assert.Empty(cri.List(default));
        }

        File.Delete(_state.In("sock"));
        using (var server = new SocketServer(_state.In("sock"), _ => null))
        {
            using var canceled = new CancellationTokenSource(50);
            Assert.ThrowsAny<OperationCanceledException>(() => cri.Find(Id, canceled.Token));
        }
    }

    [Fact]
    public void Messages_that_are_cut_or_garbage_are_empty()
    {
        byte[] answer = [0x0a, 0x08, 0x0a, 0x02, (byte)'a', (byte)'b', 0x12, 0x02, (byte)'p', (byte)'q'];
        Assert.Equal(new CriContainer("ab", "pq", null, null, null), Assert.Single(CriMessages.Containers(answer)));
        for (int length = 0; length < answer.Length; length++)
        {
            Assert.Empty(CriMessages.Containers(answer[..length]));
        }

        var random = new Random(1);
        byte[] noise = new byte[200];
        for (int i = 0; i < 2000; i++)
        {
            random.NextBytes(noise);
            noise[0] = 0x0a;
            _ = CriMessages.Containers(noise).Count() + CriMessages.Pods(noise).Count() + CriMessages.Process(noise) + CriMessages.ContainerStatus(noise).Process;
        }
    }

    [Fact]
    public void Requests_have_the_bytes_of_the_interface()
    {
        Assert.Equal([0x0a, 0x04, 0x12, 0x02, 0x08, 0x01], CriMessages.RunningContainers);
        Assert.Equal([0x0a, 0x02, 0x12, 0x00], CriMessages.ReadyPods);
        Assert.Equal([0x0a, 0x04, 0x0a, 0x02, (byte)'a', (byte)'b'], CriMessages.IdFilter("ab"));
        Assert.Equal([0x0a, 0x02, (byte)'a', (byte)'b', 0x10, 0x01], CriMessages.Verbose("ab"));
    }
}
