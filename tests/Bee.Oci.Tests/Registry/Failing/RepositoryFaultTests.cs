using Bee.Oci.Registry;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>The client with a registry that fails at every stage of pull and push.</summary>
public sealed class RepositoryFaultTests
{
    // Far more than any timeout of the client: only a hang gets here.
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Pulls => [.. PullFaults.All.Keys];

    public static TheoryData<string> Pushes => [.. PushFaults.All.Keys];

    [Theory]
    [MemberData(nameof(Pulls))]
    public async Task Pull(string name)
    {
        FaultCase fault = PullFaults.All[name];
        using var registry = new FaultyRegistry();
        FaultyImage.Lay(registry);
        await ExpectAsync(registry, fault, FaultyImage.PullAsync);
    }

    [Theory]
    [MemberData(nameof(Pushes))]
    public async Task Push(string name)
    {
        FaultCase fault = PushFaults.All[name];
        using var registry = new FaultyRegistry();
        if (fault.Stage == Stage.UploadStatus)
        {
            // It is asked for after something broke.
            registry.Inject(Stage.Patch, Faults.CutRequest(1000), times: 1, skip: 1);
        }

        await ExpectAsync(registry, fault, FaultyImage.PushAsync);
        FaultyImage.AssertWhole(registry);
        Assert.Equal(FaultyImage.Manifest.Bytes, registry.Repository(FaultyImage.Repository).Manifests[registry.Repository(FaultyImage.Repository).Tags[FaultyImage.Tag]].Bytes);
    }

    // The fault happens, is got over or reported, and leaves nothing behind that is in the way when the registry works again.
    private static async Task ExpectAsync(FaultyRegistry registry, FaultCase fault, Func<IRepository, Task> work)
    {
        Injection injection = registry.Inject(fault.Stage, fault.Fault, fault.Times);
        if (fault.Also is { } also)
        {
            registry.Inject(also, fault.Fault, fault.Times);
        }

        using (var client = new RemoteRegistry(registry.Host, fault.Options))
        {
            RegistryException? error = await Record.ExceptionAsync(() => work(client.Repository(FaultyImage.Repository)).WaitAsync(Hang)) switch
            {
                null => null,
                RegistryException reported => reported,
                Exception other => throw new InvalidOperationException($"Not a RegistryException: {other.GetType().Name}: {other.Message}", other),
            };
            Assert.True(injection.Hits > 0, "The fault did not happen.");
            Assert.Equal(fault.Expected, error?.Fault);
            FaultyImage.AssertWhole(registry);
        }

        if (fault.Expected is not null)
        {
            registry.Heal();
            using var again = new RemoteRegistry(registry.Host, new RegistryOptions { LongestPause = TimeSpan.FromMilliseconds(10) });
            await work(again.Repository(FaultyImage.Repository)).WaitAsync(Hang);
        }
    }
}
