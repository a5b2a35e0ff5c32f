using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Oci.Tests.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>An image with one blob that is uploaded whole and one that is uploaded in chunks.</summary>
internal static class FaultyImage
{
    /// <summary>The length of a chunk, in bytes.</summary>
    public const int Chunk = 64 << 10;

    /// <summary>The repository of the image.</summary>
    public const string Repository = "me/image";

    public const string Tag = "v1";

    public static byte[] Small { get; } = Samples.Bytes(1000, 7);

    public static byte[] Large { get; } = Samples.Bytes((4 * Chunk) + 1234, 8);

    public static Content Manifest { get; } = Samples.Manifest(Samples.Blob(Small, MediaTypes.EbpfConfig), null, null, Samples.Blob(Large, MediaTypes.EbpfProgram));

    /// <summary>Adds the image to the content of a registry, without requests.</summary>
    public static void Lay(FaultyRegistry registry)
    {
        MemoryRepository repository = registry.Repository(Repository);
        repository.AddBlob(Small);
        repository.AddBlob(Large);
        repository.AddManifest(Manifest.Bytes, Manifest.Descriptor.MediaType, Tag);
    }

    /// <summary>Pulls the image, and throws if any part differs.</summary>
    public static async Task PullAsync(IReadOnlyRepository repository)
    {
        Descriptor found = await repository.ResolveAsync(Tag) ?? throw new InvalidOperationException("The image is not there.");
        Assert.Equal(Manifest.Bytes, (await repository.FetchManifestAsync(found.Digest)).Bytes);
        Assert.Equal(Small, await Samples.ReadAsync(repository, Samples.Blob(Small)));
        Assert.Equal(Large, await Samples.ReadAsync(repository, Samples.Blob(Large)));
    }

    /// <summary>Pushes the missing parts of the image.</summary>
    public static async Task PushAsync(IRepository repository)
    {
        foreach (byte[] blob in new[] { Small, Large })
        {
            if (!await repository.ExistsAsync(Samples.Blob(blob)))
            {
                await repository.PushAsync(Samples.Blob(blob), () => new MemoryStream(blob));
            }
        }

        await repository.PushManifestAsync(Manifest, Tag);
    }

    /// <summary>Asserts that every manifest has its blobs, every tag has its manifest, and every digest matches its content.</summary>
    public static void AssertWhole(FaultyRegistry registry)
    {
        MemoryRepository repository = registry.Repository(Repository);
        Assert.All(repository.Blobs, blob => Assert.Equal(blob.Key, MemoryRepository.Digest(blob.Value)));
        Assert.All(repository.Tags.Values, digest => Assert.True(repository.Manifests.ContainsKey(digest)));
        if (repository.Manifests.ContainsKey(Manifest.Descriptor.Digest))
        {
            Assert.Equal(Small, repository.Blobs[Samples.Blob(Small).Digest]);
            Assert.Equal(Large, repository.Blobs[Samples.Blob(Large).Digest]);
        }
    }
}
