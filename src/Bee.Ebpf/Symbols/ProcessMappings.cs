using System.Globalization;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Symbols;

/// <summary>Code that a process has mapped: where, from which place of which file.</summary>
internal sealed record Mapping(ulong Start, ulong End, ulong Offset, ulong Inode, string Path)
{
    private const string Deleted = " (deleted)";

    private SymbolFile? _file;
    private bool _looked;

    /// <summary>The file's path as the process sees it, also where it has been deleted since.</summary>
    public string FilePath => Path.EndsWith(Deleted, StringComparison.Ordinal) ? Path[..^Deleted.Length] : Path;

    /// <summary>Whether it comes from a file and not from memory alone.</summary>
    public bool IsFile => Inode != 0 && Path.StartsWith('/');

    /// <summary>The file with its functions, or null. It is looked for once.</summary>
    public SymbolFile? Functions(ProcessMappings process)
    {
        if (!_looked)
        {
            _file = process.Open(this, withFunctions: true);
            _looked = true;
        }

        return _file;
    }
}

/// <summary>
/// What a process had mapped at a moment, as /proc/PID/maps says. Kept with the stacks that were taken then, so that the process may have
/// ended when the names are asked for; what can still be opened then has names.
/// </summary>
internal sealed class ProcessMappings
{
    private const int LookAgainMilliseconds = 1000;

    private readonly Mapping[] _mappings;
    private GeneratedCode? _generated;
    private long _generatedRead;

    private ProcessMappings(int process, ulong started, Mapping[] mappings)
    {
        Process = process;
        Started = started;
        _mappings = mappings;
    }

    /// <summary>The process.</summary>
    public int Process { get; }

    /// <summary>When it began, in the kernel's ticks: tells it from a later process under the same number.</summary>
    public ulong Started { get; }

    /// <summary>Its mappings of code, by address.</summary>
    public IReadOnlyList<Mapping> All => _mappings;

    /// <summary>Reads a process's mappings; null where it is gone or not to be looked into.</summary>
    public static ProcessMappings? Read(int process)
    {
        try
        {
            var started = StartOf(process);
            var mappings = Parse(RegularFile.ReadLines($"/proc/{process}/maps"));
            return started is { } ticks && mappings.Length > 0 ? new ProcessMappings(process, ticks, mappings) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>When a process began, in the kernel's ticks since boot; null where there is none.</summary>
    public static ulong? StartOf(int process) =>
        Status(process) is { Length: > 19 } fields && ulong.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? ticks : null;

    /// <summary>Whether there is such a process, and it has not ended: one that nobody has waited for is still listed.</summary>
    public static bool IsAlive(int process) => Status(process) is { Length: > 0 } fields && fields[0] is not ("Z" or "X");

    // The fields of /proc/PID/stat behind the name, which stands in parentheses and may hold anything, also parentheses: the state first, then from the fourth on.
    private static string[]? Status(int process)
    {
        try
        {
            var text = RegularFile.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Takes lines of /proc/PID/maps apart, and keeps what can be executed.</summary>
    internal static Mapping[] Parse(IEnumerable<string> lines)
    {
        var mappings = new List<Mapping>();
        foreach (var line in lines)
        {
            // start-end rwxp offset device inode, and behind spaces the path, which may hold spaces itself.
            var parts = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length < 5 || parts[1].Length < 3 || parts[1][2] != 'x' || parts[0].IndexOf('-') is not (> 0 and var dash)
                || !Hex(parts[0].AsSpan(0, dash), out var start) || !Hex(parts[0].AsSpan(dash + 1), out var end) || !Hex(parts[2], out var offset)
                || !ulong.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
            {
                continue;
            }

            mappings.Add(new Mapping(start, end, offset, inode, parts.Length > 5 ? parts[5].Replace("\\012", "\n", StringComparison.Ordinal) : ""));
        }

        mappings.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        return [.. mappings];
    }

    /// <summary>The mapping that holds an address, or null.</summary>
    public Mapping? Find(ulong address)
    {
        int low = 0, high = _mappings.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var mapping = _mappings[middle];
            if (address < mapping.Start)
            {
                high = middle - 1;
            }
            else if (address >= mapping.End)
            {
                low = middle + 1;
            }
            else
            {
                return mapping;
            }
        }

        return null;
    }

    /// <summary>The file behind a mapping: through the process itself, so that other mount namespaces and deleted files are no matter; else by its path.</summary>
    public SymbolFile? Open(Mapping mapping, bool withFunctions)
    {
        if (!mapping.IsFile)
        {
            return null;
        }

        // This link is the file that is mapped, whatever stands under its path by now. It is for privileged processes only.
        var isSame = StartOf(Process) == Started;
        return (isSame ? SymbolFiles.Get(string.Create(CultureInfo.InvariantCulture, $"/proc/{Process}/map_files/{mapping.Start:x}-{mapping.End:x}"), 0, withFunctions)
                ?? SymbolFiles.Get($"/proc/{Process}/root{mapping.FilePath}", mapping.Inode, withFunctions) : null)
            ?? SymbolFiles.Get(mapping.FilePath, mapping.Inode, withFunctions);
    }

    /// <summary>The function at an address of code that the process itself has made (Java, Node.js, .NET when told to), from the list that it keeps for perf.</summary>
    public (string Name, ulong Offset)? Generated(ulong address)
    {
        if (_generated?.Find(address) is { } found)
        {
            return found;
        }

        // More code is made all the time.
        if (_generated is null || Environment.TickCount64 - _generatedRead > LookAgainMilliseconds)
        {
            _generated = StartOf(Process) == Started ? GeneratedCode.Read(Process) : _generated ?? GeneratedCode.None;
            _generatedRead = Environment.TickCount64;
        }

        return _generated.Find(address);
    }

    private static bool Hex(ReadOnlySpan<char> text, out ulong value) => ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}

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

/// <summary>The file of the libbpf that this process uses.</summary>
internal static class LibbpfFile
{
    /// <summary>Returns the path that /proc/self/maps has for the loaded library; null where it cannot be read.</summary>
    /// <exception cref="BpfLoadException">As <see cref="Libbpf.Version"/>.</exception>
    public static string? FindPath() => ProcessMappings.Read(Environment.ProcessId)?.Find(Libbpf.Address)?.FilePath;
}
