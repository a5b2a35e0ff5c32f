using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Transfer;
using Bee.Registries;

namespace Bee.Oci.Tests.Transfer;

/// <summary>Child processes pull from and push to Debian's registry, and are killed during the transfer.</summary>
public sealed class KilledTransfersTests : IDisposable
{
    private const int LayerBytes = 1 << 20;
    private const int Layers = 16;
    private const int Few = 4;

    // The shares of the image after which the process is killed.
    private static readonly double[] s_shares = FullRun.IsOn ? [0, 0.1, 0.4, 0.8, 0.95, 1] : [0, 0.5, 1];

    private readonly StoreFolder _folder = new();
    private readonly DebianRegistry? _server = DebianRegistry.Missing is null ? DebianRegistry.Start() : null;
    private readonly List<ChildWriter> _writers = [];

    private string Host => _server!.Host;

    [ToolFact(Tool.Registry)]
    public async Task Kill_9_during_a_pull_leaves_the_store_valid_and_the_next_pull_succeeds()
    {
        Content image = await FillAsync();
        using var registry = new RemoteRegistry(Host, new RegistryOptions());
        foreach (double share in s_shares)
        {
            using var folder = new StoreFolder();
            ChildWriter child = Start("save", folder.Path, "x", "1", Host, "big", "v1");
            await child.Moved((long)(share * Layers * LayerBytes));
            child.Kill();
            await child.Exited;
            WholeStore.Check(folder, [child]);

            TransferResult result = await new ImageTransfer().PullAsync(registry.Repository("big"), "v1", folder.Store, ImageReference.Parse("x:v0"));
            Assert.Equal(Layers + 1, result.BlobsSent + result.BlobsPresent);
            Assert.All(folder.Store.Verify(folder.Store.Find("x:v0")!), c => Assert.Null(c.Fault));
            Assert.Equal(image.Descriptor.Digest, result.Descriptor.Digest);
        }
    }

    [ToolFact(Tool.Registry)]
    public async Task Kill_9_during_a_push_leaves_no_incomplete_image_and_the_next_push_succeeds()
    {
        Content image = await FillAsync();
        using var registry = new RemoteRegistry(Host, new RegistryOptions());
        await new ImageTransfer().PullAsync(registry.Repository("big"), "v1", _folder.Store, ImageReference.Parse("x:v1"));
        foreach (double share in s_shares)
        {
            // A repository does not share blobs with others.
            string name = $"published/at-{share * 100:0}";
            ChildWriter child = Start("publish", _folder.Path, "x:v1", "1", Host, name, "v1");
            await child.Moved((long)(share * Layers * LayerBytes));
            child.Kill();
            await child.Exited;
            WholeStore.Check(_folder, [child]);

            IRepository repository = registry.Repository(name);
            TransferResult result = await new ImageTransfer().PushAsync(_folder.Store, _folder.Store.Find("x:v1")!, repository, "v1");
            Assert.Equal(Layers + 1, result.BlobsSent + result.BlobsPresent);
            using var second = new StoreFolder();
            await new ImageTransfer().PullAsync(repository, "v1", second.Store, ImageReference.Parse("x:v1"));
            Image back = Assert.Single(second.Store.List());
            Assert.Equal(image.Descriptor.Digest, back.Digest);
            Assert.All(second.Store.Verify(back), c => Assert.Null(c.Fault));
        }
    }

    /// <summary>The registry holds back one layer, so that the process is killed when it has stored all others.</summary>
    [Fact]
    public async Task Kill_9_while_one_layer_is_missing_leaves_the_others_for_the_next_save()
    {
        using var server = new FaultyRegistry();
        using var registry = new RemoteRegistry(server.Host, new RegistryOptions());
        await FillAsync(registry.Repository("small"), Few, 4096);
        server.Inject(Stage.GetBlob, Faults.NoAnswer, times: 1, skip: 2);
        ChildWriter child = Start("save", _folder.Path, "x", "1", server.Host, "small", "v1");
        await child.Until(() => _folder.Blobs().Length >= Few);
        child.Kill();
        await child.Exited;
        WholeStore.Check(_folder, [child]);

        TransferResult result = await new ImageTransfer().PullAsync(registry.Repository("small"), "v1", _folder.Store, ImageReference.Parse("x:v0"));
        Assert.Equal((Few, 1), (result.BlobsPresent, result.BlobsSent));
        Assert.All(_folder.Store.Verify(_folder.Store.Find("x:v0")!), c => Assert.Null(c.Fault));
    }

    /// <summary>The registry never accepts one layer, so that the process is killed when it has pushed all others.</summary>
    [Fact]
    public async Task Kill_9_while_one_layer_is_missing_leaves_the_others_for_the_next_publish()
    {
        using var server = new FaultyRegistry();
        using var registry = new RemoteRegistry(server.Host, new RegistryOptions());
        await FillAsync(registry.Repository("small"), Few, 4096);
        await new ImageTransfer().PullAsync(registry.Repository("small"), "v1", _folder.Store, ImageReference.Parse("x:v1"));
        server.Inject(Stage.PutUpload, Faults.NoAnswer, times: 1, skip: 2);
        ChildWriter child = Start("publish", _folder.Path, "x:v1", "1", server.Host, "published", "v1");
        await child.Until(() => server.Repository("published").Blobs.Count >= Few);
        child.Kill();
        await child.Exited;

        Assert.Null(await registry.Repository("published").ResolveAsync("v1"));
        TransferResult result = await new ImageTransfer().PushAsync(_folder.Store, _folder.Store.Find("x:v1")!, registry.Repository("published"), "v1");
        Assert.Equal((Few, 1), (result.BlobsPresent, result.BlobsSent));
    }

    [ToolFact(Tool.Registry)]
    public async Task Ten_concurrent_processes_lose_no_tag()
    {
        await FillAsync();
        for (int i = 0; i < 10; i++)
        {
            Start("save", _folder.Path, $"registry.example/w{i}", "6", Host, "small", "v1");
        }

        await Task.WhenAll(_writers.Select(w => w.Exited));
        Assert.All(_writers, w => Assert.Equal((0, ""), (w.ExitCode, w.Errors)));
        Assert.All(_writers, w => Assert.Equal(6, w.Lines.Count(l => l.StartsWith("added", StringComparison.Ordinal) && l.Contains(":v", StringComparison.Ordinal))));
        WholeStore.Check(_folder, _writers);
    }

    public void Dispose()
    {
        // After a failed test, processes may still run.
        _writers.ForEach(w => w.Kill());
        Task.WaitAll([.. _writers.Select(w => w.Exited)]);
        _server?.Dispose();
        _folder.Dispose();
    }

    private ChildWriter Start(params string[] arguments)
    {
        var child = new ChildWriter(arguments);
        _writers.Add(child);
        return child;
    }

    /// <summary>Pushes an image with many layers as big:v1, and one with two as small:v1.</summary>
    private async Task<Content> FillAsync()
    {
        using var registry = new RemoteRegistry(Host, new RegistryOptions());
        await FillAsync(registry.Repository("small"), 2, 4096);
        return await FillAsync(registry.Repository("big"), Layers, LayerBytes);
    }

    private static async Task<Content> FillAsync(IRepository repository, int layers, int length)
    {
        var source = new MemoryRepository("registry.example/source");
        JsonObject manifest = source.Manifest();
        for (int i = 0; i < layers; i++)
        {
            byte[] layer = new byte[length];
            new Random(i).NextBytes(layer);
            manifest["layers"]!.AsArray().Add(MemoryRepository.Json(source.Put(layer)));
        }

        Descriptor image = source.PutManifest(manifest, "v1");
        await new ImageTransfer().CopyAsync(source, "v1", repository, "v1");
        return source.Manifests[image.Digest];
    }
}
