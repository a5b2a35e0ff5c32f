using System.Collections.Concurrent;
using System.ComponentModel;

namespace Bee.Ebpf.Records;

/// <summary>
/// The machine that records were captured on, as far as their values and views depend on it: its clocks, and its names of users and groups. Records of this machine have none.
/// Safe to use from any thread.
/// </summary>
/// <remarks>Names are added while a capture is read; each stands before the first event that needs it.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class RecordHost
{
    private readonly ConcurrentDictionary<Account, string?> _names = new(concurrencyLevel: 1, capacity: 7);

    internal RecordHost(ClockDistances clock) => Clock = clock;

    internal ClockDistances Clock { get; }

    internal string? User(uint id) => _names.GetValueOrDefault(new Account(false, id));

    internal string? Group(uint id) => _names.GetValueOrDefault(new Account(true, id));

    internal void Add(Account account, string? name) => _names[account] = name;
}

/// <summary>A user or a group.</summary>
internal readonly record struct Account(bool IsGroup, uint Id)
{
    /// <summary>Its name on the machine that a record comes from; null where it has none.</summary>
    /// <param name="host">The machine; null for this one.</param>
    public string? NameOn(RecordHost? host) => host is null
        ? IsGroup ? AccountNames.Group(Id) : AccountNames.User(Id)
        : IsGroup ? host.Group(Id) : host.User(Id);
}
