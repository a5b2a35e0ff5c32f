using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Transfer;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>
/// Transfers images while the registry fails at each stage. After a reported fault the tag names the same image as before, no part of the new image is visible, and the
/// same transfer succeeds when the registry works again.
/// </summary>
public sealed class TransferFaultTests : IDisposable
{
    private readonly FaultyRegistry _registry = new();
    private readonly StoreFolder _folder = new();
    private readonly ImageReference _name;

    public TransferFaultTests() => _name = ImageReference.Parse($"{_registry.Host}/{FaultyImage.Repository}:{FaultyImage.Tag}");

    public static TheoryData<string> Pulls => [.. PullFaults.ByTag.Keys];

    public static TheoryData<string> Pushes => [.. PushFaults.All.Keys];

    private MemoryRepository Remote => _registry.Repository(FaultyImage.Repository);

    [Theory]
    [MemberData(nameof(Pulls))]
    public async Task Pull(string name)
    {
        Image older = _folder.Add(_name.ToString(), "the older program");
        string digest = Lay(FaultyImage.Large);
        Task PullAsync(IRepository repository) => new ImageTransfer().PullAsync(repository, FaultyImage.Tag, _folder.Store, _name);
        bool failed = await ExpectAsync(PullFaults.ByTag[name], PullAsync);
        AssertStoreIsWhole();
        if (failed)
        {
            Assert.Equal(older.Digest, Assert.Single(_folder.Store.List()).Digest);
            Assert.Equal("the older program"u8.ToArray(), _folder.Store.ReadProgram(_folder.Store.Find(_name.ToString())!));
            await AgainAsync(PullAsync);
            AssertStoreIsWhole();
        }

        Image image = _folder.Store.Find(_name.ToString())!;
        Assert.Equal((digest, (string?)null), (image.Digest, image.Problem));
        Assert.Equal(FaultyImage.Large, _folder.Store.ReadProgram(image));
        Assert.All(_folder.Store.Verify(image), check => Assert.Null(check.Fault));
    }

    [Theory]
    [MemberData(nameof(Pushes))]
    public async Task Push(string name)
    {
        FaultCase fault = PushFaults.All[name];
        string older = Lay("the older program"u8.ToArray());
        Image image = _folder.Store.Add(StoreFolder.Content() with { Program = FaultyImage.Large }, _name);
        if (fault.Stage == Stage.UploadStatus)
        {
            // The client sends this request only after a fault.
            _registry.Inject(Stage.Patch, Faults.CutRequest(1000), times: 1, skip: 1);
        }

        Task PushAsync(IRepository repository) => new ImageTransfer().PushAsync(_folder.Store, image, repository, FaultyImage.Tag);
        bool failed = await ExpectAsync(fault, PushAsync);
        AssertRegistryIsWhole();
        if (failed)
        {
            Assert.Equal(older, Remote.Tags[FaultyImage.Tag]);
            Assert.DoesNotContain(image.Digest, Remote.Manifests.Keys);
            await AgainAsync(PushAsync);
            AssertRegistryIsWhole();
        }

        Assert.Equal(image.Digest, Remote.Tags[FaultyImage.Tag]);
        Assert.Equal(FaultyImage.Large, Remote.Blobs[image.Program!.Digest]);
    }

    [Fact]
    public async Task An_image_that_is_there_is_not_sent_again()
    {
        Image image = _folder.Store.Add(StoreFolder.Content() with { Program = FaultyImage.Large }, _name);
        using var client = new RemoteRegistry(_registry.Host, new RegistryOptions());
        IRepository repository = client.Repository(FaultyImage.Repository);
        Assert.Equal(2, (await new ImageTransfer().PushAsync(_folder.Store, image, repository, FaultyImage.Tag)).BlobsSent);
        _registry.Requests.Clear();
        Assert.Equal(0, (await new ImageTransfer().PushAsync(_folder.Store, image, repository, FaultyImage.Tag)).BlobsSent);
        Assert.All(_registry.Requests, request => Assert.Contains(request.Method, new[] { "HEAD", "GET" }));
        Assert.Equal(0, _registry.Count(Stage.GetBlob));
    }

    public void Dispose()
    {
        _registry.Dispose();
        _folder.Dispose();
    }

    private Task<bool> ExpectAsync(FaultCase fault, Func<IRepository, Task> work) => fault.ExpectAsync(_registry, FaultyImage.Repository, work);

    private Task AgainAsync(Func<IRepository, Task> work) => FaultCase.AgainAsync(_registry, FaultyImage.Repository, work);

    /// <summary>Adds an image to the content of the registry, without requests.</summary>
    private string Lay(byte[] program)
    {
        using var other = new StoreFolder();
        Image image = other.Store.Add(StoreFolder.Content() with { Program = program }, ImageReference.Parse("x:v1"));
        foreach (Descriptor part in image.Layers.Append(image.Program!).DistinctBy(part => part.Digest))
        {
            Remote.AddBlob(File.ReadAllBytes(other.Blob(part.Digest)));
        }

        byte[] manifest = File.ReadAllBytes(other.Blob(image.Digest));
        Remote.AddBlob(File.ReadAllBytes(other.Blob((string)JsonNode.Parse(manifest)!["config"]!["digest"]!)));
        return Remote.AddManifest(manifest, MediaTypes.ImageManifest, FaultyImage.Tag);
    }

    private void AssertStoreIsWhole() => Assert.All(_folder.Blobs(), file => Assert.Equal(Path.GetFileName(file), Digest.Of(File.ReadAllBytes(file)).Hex));

    private void AssertRegistryIsWhole()
    {
        Assert.All(Remote.Blobs, blob => Assert.Equal(blob.Key, MemoryRepository.Digest(blob.Value)));
        Assert.All(Remote.Tags.Values, digest => Assert.True(Remote.Manifests.ContainsKey(digest)));
        foreach ((_, byte[] bytes) in Remote.Manifests.Values)
        {
            JsonNode manifest = JsonNode.Parse(bytes)!;
            Assert.All(manifest["layers"]!.AsArray().Append(manifest["config"]), part => Assert.Contains((string)part!["digest"]!, Remote.Blobs.Keys));
        }
    }
}
