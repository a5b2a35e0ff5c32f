using System.Collections.Concurrent;

namespace Bee.Ebpf.Records;

/// <summary>
/// The clocks and account names of the machine that records were captured on. Records of this machine have no host.
/// Thread-safe.
/// </summary>
/// <remarks>Names are added while a capture is read, each before the first event that needs it.</remarks>
internal sealed class RecordHost
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
    /// <summary>Returns its name on the machine that a record comes from; null for an account without a name.</summary>
    /// <param name="host">The machine; null for this one.</param>
    public string? NameOn(RecordHost? host) => host is null
        ? IsGroup ? AccountNames.Group(Id) : AccountNames.User(Id)
        : IsGroup ? host.Group(Id) : host.User(Id);
}
