namespace Bee.Ebpf;

/// <summary>The mappings of processes that stacks were taken of, each read again when it may have changed.</summary>
internal static class Processes
{
    private const int FreshMilliseconds = 1000, MostProcesses = 2048;

    private static readonly object s_gate = new();
    private static readonly Dictionary<int, (ProcessMappings? Mappings, long Read)> s_known = [];

    /// <summary>The mappings of a process, or null where it cannot be looked into.</summary>
    /// <param name="process">The process.</param>
    /// <param name="addresses">What the mappings must hold; where one read before does not, it is read again.</param>
    public static ProcessMappings? Get(int process, ReadOnlySpan<ulong> addresses)
    {
        if (process <= 0)
        {
            return null;
        }

        lock (s_gate)
        {
            var now = Environment.TickCount64;
            if (s_known.TryGetValue(process, out var known) && now - known.Read < FreshMilliseconds && (now == known.Read || Holds(known.Mappings, addresses)))
            {
                return known.Mappings;
            }

            if (s_known.Count >= MostProcesses)
            {
                s_known.Clear();
            }

            var read = ProcessMappings.Read(process);
            // Its files are looked up already, so the older reading is kept while nothing has changed. One that has ended just now
            // leaves what it had.
            var mappings = read is null ? known.Mappings
                : known.Mappings is { } before && before.Started == read.Started && before.All.SequenceEqual(read.All, SameMapping.Instance) ? before : read;
            s_known[process] = (mappings, now);
            return mappings;
        }
    }

    private static bool Holds(ProcessMappings? mappings, ReadOnlySpan<ulong> addresses)
    {
        foreach (var address in addresses)
        {
            if (!KernelFrames.Owns(address) && mappings?.Find(address) is null)
            {
                return false;
            }
        }

        return true;
    }

    private sealed class SameMapping : IEqualityComparer<Mapping>
    {
        public static readonly SameMapping Instance = new();

        public bool Equals(Mapping? a, Mapping? b) =>
            a is not null && b is not null && a.Start == b.Start && a.End == b.End && a.Offset == b.Offset && a.Inode == b.Inode && a.Path == b.Path;

        public int GetHashCode(Mapping mapping) => mapping.Start.GetHashCode();
    }
}
