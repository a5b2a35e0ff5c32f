using Bee.Oci.Store;

namespace Bee.Oci.Tests.Store;

/// <summary>Several processes write to one store, and some of them are killed.</summary>
public sealed class KilledWritersTests : IDisposable
{
    private readonly StoreFolder _folder = new();
    private readonly List<ChildWriter> _writers = [];

    [Fact]
    public async Task Ten_writers_at_once_lose_nothing_and_a_reader_never_sees_a_half()
    {
        using var done = new CancellationTokenSource();
        Task<int> reader = Task.Run(() => ReadUntil(done.Token));
        ChildWriter[] writers = Start("registry.example", count: 12);
        await Task.WhenAll(writers.Select(w => w.Exited));
        await done.CancelAsync();

        Assert.All(writers, w => Assert.Equal((0, ""), (w.ExitCode, w.Errors)));
        Assert.All(writers, w => Assert.Equal(12, w.Lines.Count(l => l.StartsWith("added", StringComparison.Ordinal) && l.Contains(":v", StringComparison.Ordinal))));
        Assert.InRange(await reader, 1, int.MaxValue);
        WholeStore.Check(_folder, writers);
    }

    [Fact]
    public async Task Kill_9_at_any_moment_leaves_the_store_valid()
    {
        var random = new Random(9);
        for (int round = 0; round < FullRun.Times(quick: 1, full: 5); round++)
        {
            ChildWriter[] writers = Start($"r{round}", count: 100_000);
            await Task.WhenAll(writers.Select(w => w.Wrote(random.Next(1, 6))));
            foreach (ChildWriter writer in writers)
            {
                await Task.Delay(random.Next(25));
                writer.Kill();
            }

            await Task.WhenAll(writers.Select(w => w.Exited));
            WholeStore.Check(_folder, _writers);
        }
    }

    public void Dispose()
    {
        // After a failed test, writers may still run.
        _writers.ForEach(w => w.Kill());
        Task.WaitAll([.. _writers.Select(w => w.Exited)]);
        _folder.Dispose();
    }

    private ChildWriter[] Start(string name, int count)
    {
        ChildWriter[] writers = [.. Enumerable.Range(0, 10).Select(i => new ChildWriter("write", _folder.Path, $"{name}/w{i}", $"{count}"))];
        _writers.AddRange(writers);
        return writers;
    }

    private int ReadUntil(CancellationToken cancellationToken)
    {
        int listings = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (Image image in _folder.Store.List())
            {
                Assert.Null(image.Problem);
            }

            listings++;
            Thread.Sleep(20);
        }

        return listings;
    }
}
