namespace Bee.Oci.Registry.Client;

/// <summary>A repository of a <see cref="RemoteRegistry"/>.</summary>
internal sealed class RemoteRepository(string name) : IRepository
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<Content> FetchManifestAsync(string reference, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public IAsyncEnumerable<Descriptor> ReferrersAsync(string digest, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task PushManifestAsync(Content manifest, string? tag, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task PushAsync(Descriptor descriptor, Func<Stream> open, IProgress<long>? progress = null, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task<bool> MountAsync(Descriptor descriptor, string from, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task TagAsync(Descriptor descriptor, string tag, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task DeleteAsync(string reference, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public IAsyncEnumerable<string> TagsAsync(CancellationToken cancellation = default) => throw new NotImplementedException();
}
