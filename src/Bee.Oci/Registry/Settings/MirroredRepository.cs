using System.Runtime.CompilerServices;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Registry.Settings;

/// <summary>
/// Reads a repository from its mirrors, in order, and from the registry itself last. If a mirror does not have the content, or fails, the next one is tried; a failed
/// mirror is not tried again. Digests verify the content, so its origin does not matter. The first place that has a tag decides which digest it resolves to.
/// </summary>
/// <param name="name">Registry and repository, as the reference names them.</param>
/// <param name="places">The mirrors, and the registry's own repository last; at least one.</param>
/// <param name="note">Receives notes about failed mirrors; may be null.</param>
internal sealed class MirroredRepository(string name, IReadOnlyList<IReadOnlyRepository> places, Action<RegistryNote>? note = null) : IReadOnlyRepository
{
    private volatile IReadOnlyList<IReadOnlyRepository> _places = places;

    // True after a mirror has returned the image. Then missing referrers are accepted if the registry is unreachable.
    private volatile bool _isServed;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default) =>
        AskAsync(place => place.ResolveAsync(reference, cancellationToken), found => found is not null);

    /// <inheritdoc/>
    public Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default) => AskAsync(
        async place =>
        {
            Content found = await place.FetchManifestAsync(reference, cancellationToken).ConfigureAwait(false);
            _isServed |= place != _places[^1];
            return found;
        },
        _ => true);

    /// <inheritdoc/>
    public Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        AskAsync(place => place.FetchAsync(descriptor, cancellationToken), _ => true);

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) =>
        AskAsync(place => place.ExistsAsync(descriptor, cancellationToken), there => there);

    /// <inheritdoc/>
    public async IAsyncEnumerable<Descriptor> ReferrersAsync(Digest digest, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // Mirrors often copy images without their referrers.
        foreach (Descriptor descriptor in await AskAsync(place => AllAsync(place, digest, cancellationToken), list => list.Count > 0).ConfigureAwait(false))
        {
            yield return descriptor;
        }
    }

    private static async Task<List<Descriptor>> AllAsync(IReadOnlyRepository place, Digest digest, CancellationToken cancellationToken)
    {
        var all = new List<Descriptor>();
        await foreach (Descriptor descriptor in place.ReferrersAsync(digest, cancellationToken).ConfigureAwait(false))
        {
            all.Add(descriptor);
        }

        return all;
    }

    private async Task<T> AskAsync<T>(Func<IReadOnlyRepository, Task<T>> ask, Func<T, bool> isFound)
    {
        IReadOnlyList<IReadOnlyRepository> places = _places;
        (bool IsThere, T Value) absent = default;
        foreach (IReadOnlyRepository mirror in places.SkipLast(1))
        {
            try
            {
                T found = await ask(mirror).ConfigureAwait(false);
                if (isFound(found))
                {
                    return found;
                }

                absent = (true, found);
            }
            catch (RegistryException e)
            {
                bool isOut = e.Fault is not RegistryFault.NotFound;
                note?.Invoke(new RegistryNote($"The mirror {mirror.Name} {(isOut ? "is skipped" : "does not have the content")}: {e.Message}", false));
                if (isOut)
                {
                    _places = [.. _places.Where(place => place != mirror)];
                }
            }
        }

        try
        {
            return await ask(places[^1]).ConfigureAwait(false);
        }
        catch (RegistryException e) when (_isServed && absent.IsThere && e.Fault is (RegistryFault.Unreachable or RegistryFault.TimedOut or RegistryFault.Broken))
        {
            note?.Invoke(new RegistryNote($"{name} is not reachable, and its mirrors list nothing more: {e.Message}", false));
            return absent.Value;
        }
    }
}
