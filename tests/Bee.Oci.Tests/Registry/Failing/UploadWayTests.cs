using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Tests.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>Uploads in all variants that the specification allows, and resumes after a cut connection.</summary>
public sealed class UploadWayTests
{
    private static readonly RegistryOptions s_quick = FaultCase.Quick;

    [Theory]
    [InlineData(LocationStyle.Absolute, false, false)]
    [InlineData(LocationStyle.Absolute, true, true)]
    [InlineData(LocationStyle.Root, false, true)]
    [InlineData(LocationStyle.Root, true, false)]
    [InlineData(LocationStyle.Relative, false, true)]
    [InlineData(LocationStyle.Relative, true, true)]
    public async Task An_image_arrives_wherever_uploads_are(LocationStyle locations, bool queries, bool broken)
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { Locations = locations, LocationQueries = queries });
        if (broken)
        {
            registry.Inject(Stage.Patch, Faults.CutRequest(1000), times: 1, skip: 2);
        }

        using var client = new RemoteRegistry(registry.Host, s_quick);
        await FaultyImage.PushAsync(client.Repository(FaultyImage.Repository));
        FaultyImage.AssertWhole(registry);
        Assert.Single(registry.Repository(FaultyImage.Repository).Tags);
        Assert.Equal(0, registry.Repository(FaultyImage.Repository).OpenUploads);
        Assert.Equal(broken ? 1 : 0, registry.Count(Stage.UploadStatus));
        await FaultyImage.PullAsync(client.Repository(FaultyImage.Repository));
    }

    [Fact]
    public async Task After_a_broken_upload_only_the_missing_bytes_are_sent()
    {
        using var registry = new FaultyRegistry();
        registry.Inject(Stage.Patch, Faults.CutRequest(FaultyImage.Chunk / 2), times: 1, skip: 2);
        using var client = new RemoteRegistry(registry.Host, s_quick);
        await FaultyImage.PushAsync(client.Repository(FaultyImage.Repository));
        string[] ranges = [.. registry.Requests.Where(request => request.Stage == Stage.Patch).Select(request => request.Headers["Content-Range"])];

        // Two chunks, the chunk that is cut, and the rest of it.
        const int Chunk = FaultyImage.Chunk;
        Assert.Equal([$"0-{Chunk - 1}", $"{Chunk}-{(2 * Chunk) - 1}", $"{2 * Chunk}-{(3 * Chunk) - 1}"], ranges[..3]);
        Assert.Equal($"{(2 * Chunk) + (Chunk / 2)}-{(3 * Chunk) + (Chunk / 2) - 1}", ranges[3]);
        Assert.Equal(FaultyImage.Large.Length - 1, int.Parse(ranges[^1].Split('-')[1]));
    }

    [Fact]
    public async Task After_a_broken_download_only_the_missing_bytes_are_read()
    {
        using var registry = new FaultyRegistry();
        FaultyImage.Lay(registry);
        registry.Inject(Stage.GetBlob, Faults.CutAnswer(100_000), times: 1);
        using var client = new RemoteRegistry(registry.Host, s_quick);
        Assert.Equal(FaultyImage.Large, await Samples.ReadAsync(client.Repository(FaultyImage.Repository), Samples.Blob(FaultyImage.Large)));
        Assert.Equal([null, "bytes=100000-"], registry.Requests.Select(request => request.Headers.GetValueOrDefault("Range")));
    }

    [Fact]
    public async Task Without_ranges_the_blob_is_read_again_from_the_beginning()
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { Ranges = false });
        FaultyImage.Lay(registry);
        registry.Inject(Stage.GetBlob, Faults.CutAnswer(100_000), times: 2);
        using var client = new RemoteRegistry(registry.Host, s_quick);
        Assert.Equal(FaultyImage.Large, await Samples.ReadAsync(client.Repository(FaultyImage.Repository), Samples.Blob(FaultyImage.Large)));
    }

    [Theory]
    [InlineData("bytes 5-9/10")]
    [InlineData("bytes 0-1/2")]
    [InlineData(null)]
    public async Task Another_part_than_was_asked_for_is_not_taken(string? range)
    {
        using var registry = new FaultyRegistry();
        FaultyImage.Lay(registry);
        registry.Inject(Stage.GetBlob, Faults.CutAnswer(100_000), times: 1);
        registry.Inject(Stage.GetBlob, Faults.Header("Content-Range", range));
        using var client = new RemoteRegistry(registry.Host, s_quick);
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(
            () => Samples.ReadAsync(client.Repository(FaultyImage.Repository), Samples.Blob(FaultyImage.Large)));
        Assert.Equal(RegistryFault.BadAnswer, error.Fault);
    }

    [Fact]
    public async Task Chunks_are_as_large_as_the_registry_wants_them()
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { SmallestChunk = 2 * FaultyImage.Chunk });
        using var client = new RemoteRegistry(registry.Host, s_quick);
        await FaultyImage.PushAsync(client.Repository(FaultyImage.Repository));
        Assert.StartsWith($"0-{(2 * FaultyImage.Chunk) - 1}", registry.Requests.First(request => request.Stage == Stage.Patch).Headers["Content-Range"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_blob_is_taken_over_or_sent(bool mounts)
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { Mounts = mounts });
        registry.Repository("me/base").AddBlob(FaultyImage.Large);
        using var client = new RemoteRegistry(registry.Host, s_quick);
        IRepository repository = client.Repository(FaultyImage.Repository);
        bool taken = await repository.MountAsync(Samples.Blob(FaultyImage.Large), "me/base");
        Assert.Equal(mounts, taken);
        await FaultyImage.PushAsync(repository);
        FaultyImage.AssertWhole(registry);
        Assert.Equal(mounts, registry.Count(Stage.Patch) == 0);
        Assert.Equal(0, registry.Repository(FaultyImage.Repository).OpenUploads);
    }

    [Fact]
    public async Task A_registry_without_mounts_is_supported()
    {
        using var registry = new FaultyRegistry();
        registry.Inject(Stage.Mount, Faults.Error(405, "UNSUPPORTED"));
        using var client = new RemoteRegistry(registry.Host, s_quick);
        Assert.False(await client.Repository(FaultyImage.Repository).MountAsync(Samples.Blob(FaultyImage.Large), "me/base"));
    }
}
