using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Oci.Store;

namespace Bee.Oci.Tests.Store;

/// <summary>Verifies the digests of all parts of an image.</summary>
public sealed class VerifyTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    [Fact]
    public void Each_piece_of_a_sound_image_is_sound()
    {
        Image image = _folder.Add("x:v1");
        IReadOnlyCollection<BlobCheck> checks = _folder.Store.Verify(image);
        Assert.Equal([BlobRole.Manifest, BlobRole.Config, BlobRole.Layer], checks.Select(c => c.Role));
        Assert.All(checks, c => Assert.Null(c.Fault));
        Assert.Equal(image.Size, checks.Sum(c => c.Descriptor.Size));
    }

    [Fact]
    public void All_damaged_pieces_are_reported()
    {
        Image image = _folder.Add("x:v1");
        BlobCheck[] sound = [.. _folder.Store.Verify(image)];
        File.WriteAllText(_folder.Blob(sound[1].Descriptor.Digest), new string('x', (int)sound[1].Descriptor.Size));
        File.Delete(_folder.Blob(sound[2].Descriptor.Digest));

        // The image that was read before, and the one that a listing returns now.
        foreach (Image seen in new[] { image, Assert.Single(_folder.Store.List()) })
        {
            BlobCheck[] checks = [.. _folder.Store.Verify(seen)];
            Assert.Null(checks[0].Fault);
            Assert.Equal(StoreFault.DigestMismatch, checks[1].Fault!.Fault);
            Assert.Equal(StoreFault.MissingBlob, checks[2].Fault!.Fault);
        }
    }

    [Fact]
    public void A_damaged_manifest_hides_its_blobs()
    {
        Image image = _folder.Add("x:v1");
        File.AppendAllText(_folder.Blob(image.Digest), " ");
        BlobCheck check = Assert.Single(_folder.Store.Verify(image));
        Assert.Equal((BlobRole.Manifest, StoreFault.DigestMismatch), (check.Role, check.Fault!.Fault));
    }

    public void Dispose() => _folder.Dispose();
}
