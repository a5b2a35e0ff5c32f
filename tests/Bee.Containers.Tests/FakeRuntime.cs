using System.Collections.Concurrent;
using Bee.Containers.Runtimes;

namespace Bee.Containers.Tests;

/// <summary>A runtime whose containers a test sets.</summary>
internal sealed class FakeRuntime : IContainerRuntime
{
    private readonly ConcurrentDictionary<string, ContainerRecord> _containers = new();
    private int _asked;

    public string Name { get; init; } = "fake";

    public uint UserId { get; init; }

    /// <summary>How often <see cref="Find"/> was called.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public void Add(string id, string name, int processId = 0, string? cgroupPath = null) =>
        _containers[id] = new ContainerRecord { Id = id, Name = name, Image = "image-of-" + name, ProcessId = processId, CgroupPath = cgroupPath, UserId = UserId };

    public void Add(ContainerRecord record) => _containers[record.Id] = record;

    public ContainerRecord? Find(string id, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        return _containers.GetValueOrDefault(id);
    }

    public IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken) => [.. _containers.Values];
}
