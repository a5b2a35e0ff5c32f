using System.Globalization;

namespace Bee.Ebpf.Objects;

/// <summary>A perf event that a program runs at.</summary>
/// <param name="Name">Its name, or its numbers as they are written.</param>
/// <param name="Type">The kernel's <c>perf_type_id</c>, or the number of a PMU.</param>
/// <param name="Config">The event of that type.</param>
internal sealed record PerfEventTarget(string Name, uint Type, ulong Config)
{
    public const uint Hardware = 0, Software = 1, Tracepoint = 2, Cache = 3, Raw = 4;

    /// <summary>The CPU clock, which every machine has.</summary>
    public static PerfEventTarget CpuClock { get; } = new("cpu-clock", Software, 0);

    /// <summary>How often a second the program runs; null where that is not said.</summary>
    public ulong? Frequency { get; init; }

    /// <summary>After how many events the program runs; null where that is not said.</summary>
    public ulong? Period { get; init; }

    /// <summary>True for events that are sampled where nothing is said: clocks, and what a CPU counts by the million. The program runs at each of the others.</summary>
    public bool IsSampled => this is not { Type: Software, Config: > 1 } and not { Type: Tracepoint };

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}

/// <summary>
/// The text of perf events, with commas between: an event by perf's name or by <c>type=</c> and <c>config=</c>, each with what follows it of <c>frequency=</c> or <c>period=</c>:
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

    /// <summary>The names of all events.</summary>
    public static IEnumerable<string> Names => s_byName.Keys;

    /// <summary>The names of the events that every machine has.</summary>
    public static IEnumerable<string> SoftwareNames => s_events.Where(one => one.Type == PerfEventTarget.Software).Select(one => one.Names[0]);

    /// <summary>Whether the text behind a section's kind names an event. Other loaders take any word there, so a raw event such as <c>read</c> or <c>race</c> does not count.</summary>
    public static bool IsEvent(string text) => text.Contains('=') || (text.Length > 0 && text.Split(',', StringSplitOptions.TrimEntries).All(s_byName.ContainsKey));

    /// <summary>Reads the text.</summary>
    /// <returns>The events; or what is wrong with the text, and names that are near.</returns>
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
                return ([], $"'{term}' has no number behind the equals sign", []);
            }

            // A type begins an event.
            if (key == "type" ? value > uint.MaxValue : events.Count == 0)
            {
                return ([], key == "type" ? $"'{term}' is not a type of perf events" : $"'{term}' stands before the event that it belongs to", []);
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
                return ([], changed is null ? $"'{key}' is not a part of a perf event (type, config, frequency or period)" : $"'{term}' is not possible: an event has a frequency or a period, of 1 or more", []);
            }

            events[^1] = changed;
        }

        return events.Count > 0 ? (events, null, []) : ([], "no perf event is named", []);
    }

    // As perf has it, r and hexadecimal digits are an event by its number in the CPU.
    private static PerfEventTarget? ByName(string name) => s_byName.TryGetValue(name, out var known) ? known
        : name.Length > 1 && name[0] == 'r' && ulong.TryParse(name.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var raw) ? new PerfEventTarget(name, PerfEventTarget.Raw, raw) : null;

    private static bool TryNumber(string text, out ulong value) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
