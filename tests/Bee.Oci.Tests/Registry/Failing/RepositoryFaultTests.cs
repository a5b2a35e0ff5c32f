using Bee.Oci.Repositories;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>Pulls and pushes while the registry fails at each stage.</summary>
public sealed class RepositoryFaultTests
{
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
            // The client sends this request only after a fault.
            registry.Inject(Stage.Patch, Faults.CutRequest(1000), times: 1, skip: 1);
        }

        await ExpectAsync(registry, fault, FaultyImage.PushAsync);
        FaultyImage.AssertWhole(registry);
        Assert.Equal(FaultyImage.Manifest.Bytes, registry.Repository(FaultyImage.Repository).Manifests[registry.Repository(FaultyImage.Repository).Tags[FaultyImage.Tag]].Bytes);
    }

    // The client recovers or reports the fault, and the same operation succeeds when the registry works again.
    private static async Task ExpectAsync(FaultyRegistry registry, FaultCase fault, Func<IRepository, Task> work)
    {
        bool failed = await fault.ExpectAsync(registry, FaultyImage.Repository, work);
        FaultyImage.AssertWhole(registry);
        if (failed)
        {
            await FaultCase.AgainAsync(registry, FaultyImage.Repository, work);
        }
    }
}
