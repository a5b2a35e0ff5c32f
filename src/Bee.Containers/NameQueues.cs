using Bee.Containers.Runtimes;

namespace Bee.Containers;

/// <summary>
/// The requests for names, in a queue for each user who has runtimes. A user with many containers, or with a slow runtime, delays only the names of the user's own containers. Thread-safe.
/// </summary>
internal sealed class NameQueues : IDisposable
{
    private readonly Dictionary<uint, NameRequests> _queues;

    /// <inheritdoc cref="NameRequests(IReadOnlyList{IContainerRuntime}, Func{NameRequests.Request, ContainerRecord, bool})"/>
    public NameQueues(IReadOnlyList<IContainerRuntime> runtimes, Func<NameRequests.Request, ContainerRecord?, bool> answer) =>
        _queues = runtimes.GroupBy(runtime => runtime.UserId).ToDictionary(group => group.Key, group => new NameRequests([.. group], answer));

    /// <summary>Asks for a container, if its user has a runtime.</summary>
    public void Add(NameRequests.Request request) => _queues.GetValueOrDefault(request.UserId)?.Add(request);

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        // All are canceled first, so that they end at the same time.
        foreach (var queue in _queues.Values)
        {
            queue.Cancel();
        }

        foreach (var queue in _queues.Values)
        {
            queue.Dispose();
        }
    }
}
