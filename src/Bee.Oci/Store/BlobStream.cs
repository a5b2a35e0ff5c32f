using System.Security.Cryptography;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Microsoft.Win32.SafeHandles;

namespace Bee.Oci.Store;

/// <summary>Reads a blob from beginning to end and verifies the digest there.</summary>
/// <param name="file">The file of the blob, or an archive that contains it.</param>
/// <param name="path">The file's path, for messages.</param>
/// <param name="digest">The blob's digest.</param>
/// <param name="length">The blob's size in bytes.</param>
/// <param name="start">The offset of the blob in the file. If it is not 0, the file is an archive and stays open.</param>
internal sealed class BlobStream(SafeFileHandle file, string path, Digest digest, long length, long start = 0) : ReadOnlyStream, IDigestChecked
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _position;
    private bool _isChecked;

    public Digest Digest => digest;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        // Not beyond the expected size: another process may append to the file.
        int wanted = (int)Math.Min(buffer.Length, length - _position);
        int read = wanted == 0 ? 0 : ReadFile(buffer[..wanted]);
        _hash.AppendData(buffer[..read]);
        _position += read;
        if (_position == length || read == 0)
        {
            Check();
        }

        return read;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => cancellationToken.IsCancellationRequested
        ? ValueTask.FromCanceled<int>(cancellationToken)
        : new(Read(buffer.Span));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (start == 0)
            {
                file.Dispose();
            }

            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    // Not by Fault.Wrap: a span does not go into a lambda.
    private int ReadFile(Span<byte> buffer)
    {
        try
        {
            return RandomAccess.Read(file, buffer, start + _position);
        }
        catch (IOException e)
        {
            throw new StoreException(StoreFault.Io, $"'{path}' cannot be read: {e.Message}", e);
        }
    }

    private void Check()
    {
        if (_isChecked)
        {
            return;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.GetHashAndReset(hash);
        if (_position != length || Digest.OfHash(hash) != digest)
        {
            throw new StoreException(StoreFault.DigestMismatch, $"The blob {digest} is damaged: the hash of its content differs. Remove the image and pull it again.");
        }

        _isChecked = true;
    }
}

/// <summary>Reads the graph of an image in a store or a layout.</summary>
/// <param name="blobs">The blobs.</param>
internal sealed class StoredPieces(IBlobs blobs)
{
    /// <summary>Returns the descriptors of the image and of all manifests, configs and layers below it, each digest once.</summary>
    /// <exception cref="StoreException">A manifest is missing or damaged.</exception>
    public IReadOnlyCollection<Descriptor> Of(Descriptor image) =>
        [.. ManifestGraph.Read(image, node => RequireWithin(node).RequireSound(node.Descriptor)).Pieces.Select(piece => piece.Descriptor)];

    /// <summary>Returns the size of all manifests, configs and layers of an image, each digest once. Unreadable pieces count by their descriptors.</summary>
    /// <param name="image">The manifest or index.</param>
    /// <param name="document">Its content.</param>
    public long SizeOf(Descriptor image, ManifestDocument document)
    {
        var graph = ManifestGraph.Read(image, node => node.Parent is null ? document : node.IsBeyondLimits ? null : TryRead(node.Descriptor));

        // Sizes come from the manifests, so they may be absurd.
        return graph.Pieces.Take(ManifestGraph.MostPieces).Aggregate(
            0L, (sum, piece) => piece.Descriptor.Size < 0 || sum > long.MaxValue - piece.Descriptor.Size ? sum : sum + piece.Descriptor.Size);
    }

    /// <summary>Reads every piece of an image and verifies digest and size. Faults are returned, not thrown.</summary>
    /// <param name="image">The manifest or index.</param>
    /// <param name="check">Reads and verifies a layer.</param>
    /// <returns>The pieces, each digest once, from the top.</returns>
    public IReadOnlyCollection<BlobCheck> Verify(Descriptor image, Action<Descriptor> check)
    {
        var faults = new Dictionary<Digest, StoreException?>();
        var graph = ManifestGraph.Read(image, node =>
        {
            ManifestDocument? document = null;
            faults[node.Descriptor.Digest] = FaultOf(() => document = RequireWithin(node));
            return document;
        });
        return
        [
            .. graph.Pieces.Take(ManifestGraph.MostPieces).Select(piece => new BlobCheck(piece.Role, piece.Descriptor, piece.Role switch
            {
                BlobRole.Config => FaultOf(() => blobs.ReadBlob(piece.Descriptor, StoreLimits.Manifest)),
                BlobRole.Layer => FaultOf(() => check(piece.Descriptor)),
                _ => faults.GetValueOrDefault(piece.Descriptor.Digest),
            })),
        ];
    }

    private ManifestDocument RequireWithin(ManifestNode node) => node.IsBeyondLimits
        ? throw new StoreException(StoreFault.DamagedManifest, $"The image's manifests are nested too deep or too many, at {node.Descriptor.Digest}.")
        : Read(node.Descriptor);

    private ManifestDocument Read(Descriptor manifest) => ManifestDocument.Read(blobs.ReadBlob(manifest, StoreLimits.Manifest), manifest);

    private ManifestDocument? TryRead(Descriptor manifest)
    {
        try
        {
            return Read(manifest);
        }
        catch (StoreException)
        {
            return null;
        }
    }

    private static StoreException? FaultOf(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (StoreException e)
        {
            return e;
        }
    }
}
