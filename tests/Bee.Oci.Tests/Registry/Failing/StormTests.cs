using Bee.Mutation;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Tests.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>A registry where a third of the requests fail, at random, with all transient faults.</summary>
public sealed class StormTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task An_image_is_pushed_and_pulled_despite_many_faults(ulong seed)
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { LocationQueries = seed % 2 == 0, Ranges = seed % 3 != 0 });
        var chance = new Chance(seed);
        int faults = 0;
        foreach (Stage stage in Enum.GetValues<Stage>())
        {
            registry.Inject(stage, async (exchange, serve) =>
            {
                Fault? fault;
                lock (registry)
                {
                    fault = Choose(ref chance);
                    faults += fault is null ? 0 : 1;
                }

                await (fault is null ? exchange.SendAsync(await serve()) : fault(exchange, serve));
            });
        }

        using var client = new RemoteRegistry(registry.Host, FaultCase.Quick with { Retries = 30, LongestPause = TimeSpan.FromMilliseconds(2) });
        IRepository repository = client.Repository(FaultyImage.Repository);
        for (int i = 0; i < 3; i++)
        {
            registry.Repository(FaultyImage.Repository).Blobs.Clear();
            await FaultyImage.PushAsync(repository).WaitAsync(Wait.Limit);
            FaultyImage.AssertWhole(registry);
            Assert.Contains(FaultyImage.Tag, registry.Repository(FaultyImage.Repository).Tags.Keys);
            await FaultyImage.PullAsync(repository).WaitAsync(Wait.Limit);
        }

        Assert.True(faults > 5, $"Only {faults} faults happened.");
    }

    [Fact]
    public async Task An_upload_ends_if_the_registry_accepts_no_more_bytes()
    {
        using var registry = new FaultyRegistry();
        byte[] content = Samples.Bytes(32 << 20);
        registry.Inject(Stage.PutUpload, Faults.StopReading(1 << 20));
        using var client = new RemoteRegistry(registry.Host, FaultCase.Quick with { ChunkLength = 64 << 20, IdleTimeout = TimeSpan.FromSeconds(1) });
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => client.Repository(FaultyImage.Repository)
            .PushAsync(Samples.Blob(content), () => new MemoryStream(content)).WaitAsync(Wait.Limit));
        Assert.Equal(RegistryFault.TimedOut, error.Fault);
        Assert.Empty(registry.Repository(FaultyImage.Repository).Blobs);
    }

    private static Fault? Choose(ref Chance chance)
    {
        int bytes = chance.Below(100_000);
        return chance.Below(21) switch
        {
            0 => Faults.Status(429, "Retry-After: 0"),
            1 => Faults.Status(503),
            2 => Faults.Status(500),
            3 => Faults.Cut,
            4 => Faults.CutBeforeAnswer,
            5 => Faults.CutRequest(bytes),
            6 => Faults.CutAnswer(bytes),
            _ => null,
        };
    }
}
