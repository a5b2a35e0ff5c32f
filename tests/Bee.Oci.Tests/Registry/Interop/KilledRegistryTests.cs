using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Store;
using Bee.Oci.Tests.Registry.Client;
using Bee.Oci.Transfer;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Interop;

/// <summary>Debian's registry is killed during transfers, and restarted.</summary>
public sealed class KilledRegistryTests : IDisposable
{
    private const int Length = 24 << 20;

    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(1);

    private readonly StoreFolder _folder = new();

    [ToolFact(Tool.Registry)]
    public async Task A_push_resumes_after_the_registry_restarts()
    {
        using var registry = DebianRegistry.Start();
        Image image = Add(registry);
        TrippingRepository source = Source(image, registry.Restart);
        using var client = new RemoteRegistry(registry.Host, Samples.Quick);
        await new ImageTransfer().CopyAsync(source, "v1", client.Repository("me/x"), "v1").WaitAsync(s_hang);
        Assert.True(source.HasTripped);
        await AssertThereAsync(registry, image);
    }

    [ToolFact(Tool.Registry)]
    public async Task A_failed_push_sets_no_tag_and_succeeds_the_next_time()
    {
        using var registry = DebianRegistry.Start();
        Image image = Add(registry);
        using (var client = new RemoteRegistry(registry.Host, Samples.Quick with { Retries = 2 }))
        {
            RegistryException error = await Assert.ThrowsAsync<RegistryException>(
                () => new ImageTransfer().CopyAsync(Source(image, registry.Kill), "v1", client.Repository("me/x"), "v1").WaitAsync(s_hang));
            Assert.True(error.Fault is RegistryFault.Broken or RegistryFault.Unreachable, $"{error.Fault}: {error.Message}");
        }

        registry.Restart();
        using (var client = new RemoteRegistry(registry.Host, Samples.Quick))
        {
            Assert.Null(await client.Repository("me/x").ResolveAsync("v1"));
            await new ImageTransfer().PushAsync(_folder.Store, image, client.Repository("me/x"), "v1").WaitAsync(s_hang);
        }

        await AssertThereAsync(registry, image);
    }

    [ToolFact(Tool.Registry)]
    public async Task A_pull_resumes_after_the_registry_restarts()
    {
        using var registry = DebianRegistry.Start();
        Image image = Add(registry);
        using var client = new RemoteRegistry(registry.Host, Samples.Quick);
        await new ImageTransfer().PushAsync(_folder.Store, image, client.Repository("me/x"), "v1");
        var into = new ImageStore(Path.Combine(_folder.Root, "pulled"));
        var source = new TrippingRepository(client.Repository("me/x"), Length / 8, registry.Restart);
        await new ImageTransfer().PullAsync(source, "v1", into, ImageReference.Parse("x:v1")).WaitAsync(s_hang);
        Assert.True(source.HasTripped);
        Assert.All(into.Verify(into.Find("x:v1")!), check => Assert.Null(check.Fault));
    }

    [ToolFact(Tool.Registry)]
    public async Task A_failed_pull_sets_no_name_and_succeeds_the_next_time()
    {
        using var registry = DebianRegistry.Start();
        Image image = Add(registry);
        var into = new ImageStore(Path.Combine(_folder.Root, "pulled"));
        using var client = new RemoteRegistry(registry.Host, Samples.Quick with { Retries = 2 });
        await new ImageTransfer().PushAsync(_folder.Store, image, client.Repository("me/x"), "v1");
        var source = new TrippingRepository(client.Repository("me/x"), Length / 8, registry.Kill);
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(
            () => new ImageTransfer().PullAsync(source, "v1", into, ImageReference.Parse("x:v1")).WaitAsync(s_hang));
        Assert.True(error.Fault is RegistryFault.Broken or RegistryFault.Unreachable, $"{error.Fault}: {error.Message}");
        Assert.Empty(into.List());
        registry.Restart();
        await new ImageTransfer().PullAsync(client.Repository("me/x"), "v1", into, ImageReference.Parse("x:v1")).WaitAsync(s_hang);
        Assert.All(into.Verify(into.Find("x:v1")!), check => Assert.Null(check.Fault));
    }

    public void Dispose() => _folder.Dispose();

    private Image Add(DebianRegistry registry) =>
        _folder.Store.Add(StoreFolder.Content() with { Program = Samples.Bytes(Length) }, ImageReference.Parse($"{registry.Host}/me/x:v1"));

    private TrippingRepository Source(Image image, Action trip) => new(_folder.Store.Repository(image.Repository), Length / 4, trip);

    private static async Task AssertThereAsync(DebianRegistry registry, Image image)
    {
        using var client = new RemoteRegistry(registry.Host, Samples.Quick);
        Assert.Equal(image.Digest, (await client.Repository("me/x").ResolveAsync("v1"))!.Digest);
        await using Stream blob = await client.Repository("me/x").FetchAsync(image.Program!);
        await blob.CopyToAsync(Stream.Null);
    }
}
