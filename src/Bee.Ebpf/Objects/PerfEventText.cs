using System.Globalization;

namespace Bee.Ebpf.Objects;

/// <summary>A perf event that triggers a program.</summary>
/// <param name="Name">The name of the event, or its numbers as written.</param>
/// <param name="Type">The kernel's <c>perf_type_id</c>, or the number of a PMU.</param>
/// <param name="Config">The event of that type.</param>
internal sealed record PerfEventTarget(string Name, uint Type, ulong Config)
{
    public const uint Hardware = 0, Software = 1, Tracepoint = 2, Cache = 3, Raw = 4;

    /// <summary>The CPU clock, which every machine has.</summary>
    public static PerfEventTarget CpuClock { get; } = new("cpu-clock", Software, 0);

    /// <summary>The sampling frequency in hertz; null if unspecified.</summary>
    public ulong? Frequency { get; init; }

    /// <summary>The number of events per run of the program; null if unspecified.</summary>
    public ulong? Period { get; init; }

    /// <summary>True for events that are sampled by default: clocks, and CPU events, which occur by the million. Other events run the program each time.</summary>
    public bool IsSampled => this is not { Type: Software, Config: > 1 } and not { Type: Tracepoint };

    /// <summary>Returns the name.</summary>
    public override string ToString() => Name;
}

/// <summary>
/// Parses lists of perf events: each is perf's name or <c>type=</c> and <c>config=</c>, followed by an optional <c>frequency=</c> or <c>period=</c>:
/// <c>page-faults</c>, <c>cache-misses,period=1000</c>, <c>type=1,config=3,frequency=99</c>.
/// </summary>
internal static class PerfEventText
{
    // Numbers and names: include/uapi/linux/perf_event.h, and perf-list(1).
    private static readonly (uint Type, ulong Config, string[] Names)[] s_events =
    [
        (PerfEventTarget.Software, 0, ["cpu-clock"]),
        (PerfEventTarget.Software, 1, ["task-clock"]),
        (PerfEventTarget.Software, 2, ["page-faults", "faults"]),
        (PerfEventTarget.Software, 3, ["context-switches", "cs"]),
        (PerfEventTarget.Software, 4, ["cpu-migrations", "migrations"]),
        (PerfEventTarget.Software, 5, ["minor-faults"]),
        (PerfEventTarget.Software, 6, ["major-faults"]),
        (PerfEventTarget.Software, 7, ["alignment-faults"]),
        (PerfEventTarget.Software, 8, ["emulation-faults"]),
        (PerfEventTarget.Software, 11, ["cgroup-switches"]),
        (PerfEventTarget.Hardware, 0, ["cpu-cycles", "cycles"]),
        (PerfEventTarget.Hardware, 1, ["instructions"]),
        (PerfEventTarget.Hardware, 2, ["cache-references"]),
        (PerfEventTarget.Hardware, 3, ["cache-misses"]),
        (PerfEventTarget.Hardware, 4, ["branch-instructions", "branches"]),
        (PerfEventTarget.Hardware, 5, ["branch-misses"]),
        (PerfEventTarget.Hardware, 6, ["bus-cycles"]),
        (PerfEventTarget.Hardware, 7, ["stalled-cycles-frontend", "idle-cycles-frontend"]),
        (PerfEventTarget.Hardware, 8, ["stalled-cycles-backend", "idle-cycles-backend"]),
        (PerfEventTarget.Hardware, 9, ["ref-cycles"]),
        .. from cache in new[] { "L1-dcache", "L1-icache", "LLC", "dTLB", "iTLB", "branch", "node" }.Select((name, number) => (name, number))
           from operation in new[] { ("load", "loads"), ("store", "stores"), ("prefetch", "prefetches") }.Select((name, number) => (name, number))
           from result in new[] { 0, 1 }
           select (PerfEventTarget.Cache, (ulong)(cache.number | operation.number << 8 | result << 16), new[] { $"{cache.name}-{(result == 0 ? operation.name.Item2 : operation.name.Item1 + "-misses")}" }),
    ];

    private static readonly Dictionary<string, PerfEventTarget> s_byName = s_events
        .SelectMany(one => one.Names.Select(name => new PerfEventTarget(name, one.Type, one.Config)))
        .ToDictionary(one => one.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The names of all known events.</summary>
    public static IEnumerable<string> Names => s_byName.Keys;

    /// <summary>The names of the events that every machine supports.</summary>
    public static IEnumerable<string> SoftwareNames => s_events.Where(one => one.Type == PerfEventTarget.Software).Select(one => one.Names[0]);

    /// <summary>Returns whether the text after a section's kind names an event. Other loaders accept any text there, so a raw event such as <c>read</c> or <c>race</c> does not count.</summary>
    public static bool IsEvent(string text) => text.Contains('=') || (text.Length > 0 && text.Split(',', StringSplitOptions.TrimEntries).All(s_byName.ContainsKey));

    /// <summary>Parses a list of events.</summary>
    /// <returns>The events; or why the text is invalid, with similar names.</returns>
    public static (IReadOnlyList<PerfEventTarget> Events, string? Fault, IReadOnlyList<string> Near) Read(string text)
    {
        var events = new List<PerfEventTarget>();
        foreach (var term in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = term.IndexOf('=');
            if (equals < 0)
            {
                if (ByName(term) is not { } named)
                {
                    return ([], $"'{term}' is not the name of a perf event", Suggest.Nearest(term, Names, 5));
                }

                events.Add(named);
                continue;
            }

            var key = term[..equals].TrimEnd();
            if (!TryNumber(term[(equals + 1)..].TrimStart(), out var value))
            {
                return ([], $"'{term}' has no number after the equals sign", []);
            }

            // A type starts a new event.
            if (key == "type" ? value > uint.MaxValue : events.Count == 0)
            {
                return ([], key == "type" ? $"'{term}' is not a type of perf events" : $"'{term}' comes before its event", []);
            }

            if (key == "type")
            {
                events.Add(new PerfEventTarget(term, (uint)value, 0));
                continue;
            }

            var changed = key switch
            {
                "config" => events[^1] with { Config = value, Name = $"{events[^1].Name},{term}" },
                "frequency" or "freq" or "sample_freq" => events[^1] with { Frequency = value },
                "period" or "sample_period" => events[^1] with { Period = value },
                _ => null,
            };
            if (changed is null or { Frequency: 0 } or { Period: 0 } or { Frequency: not null, Period: not null })
            {
                return ([], changed is null ? $"'{key}' is not a part of a perf event (type, config, frequency or period)" : $"'{term}' is invalid: an event has either a frequency or a period, of 1 or more", []);
            }

            events[^1] = changed;
        }

        return events.Count > 0 ? (events, null, []) : ([], "the text names no perf event", []);
    }

    // As in perf, r and hexadecimal digits name a raw event of the CPU.
    private static PerfEventTarget? ByName(string name) => s_byName.TryGetValue(name, out var known) ? known
        : name.Length > 1 && name[0] == 'r' && ulong.TryParse(name.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var raw) ? new PerfEventTarget(name, PerfEventTarget.Raw, raw) : null;

    private static bool TryNumber(string text, out ulong value) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
