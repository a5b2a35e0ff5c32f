using System.Globalization;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Symbols;

/// <summary>An executable mapping of a process: its addresses, and the mapped part of a file.</summary>
internal sealed record Mapping(ulong Start, ulong End, ulong Offset, ulong Inode, string Path)
{
    private const string Deleted = " (deleted)";

    private SymbolFile? _file;
    private bool _looked;

    /// <summary>The file's path as the process sees it, without the mark of deleted files.</summary>
    public string FilePath => Path.EndsWith(Deleted, StringComparison.Ordinal) ? Path[..^Deleted.Length] : Path;

    /// <summary>Whether the mapping has a file, and is not anonymous memory.</summary>
    public bool IsFile => Inode != 0 && Path.StartsWith('/');

    /// <summary>Returns the file with its functions, or null. The result is cached.</summary>
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
/// The mappings of a process at one moment, from /proc/PID/maps. Stack traces keep them, because the process may exit before
/// names are looked up; files that still exist then have names.
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

    /// <summary>The id of the process.</summary>
    public int Process { get; }

    /// <summary>The start time in clock ticks, which distinguishes the process from a later one with the same id.</summary>
    public ulong Started { get; }

    /// <summary>The executable mappings, by address.</summary>
    public IReadOnlyList<Mapping> All => _mappings;

    /// <summary>Reads the mappings of a process; null if it has exited or is not accessible.</summary>
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

    /// <summary>Returns the start time of a process, in clock ticks since boot; null if the process does not exist.</summary>
    public static ulong? StartOf(int process) =>
        Status(process) is { Length: > 19 } fields && ulong.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? ticks : null;

    /// <summary>Returns whether a process exists and is not a zombie.</summary>
    public static bool IsAlive(int process) => Status(process) is { Length: > 0 } fields && fields[0] is not ("Z" or "X");

    // The fields of /proc/PID/stat after the name, which is in parentheses and may itself contain parentheses: the state, then the fields from the fourth on.
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

    /// <summary>Parses lines of /proc/PID/maps, and keeps executable mappings.</summary>
    internal static Mapping[] Parse(IEnumerable<string> lines)
    {
        var mappings = new List<Mapping>();
        foreach (var line in lines)
        {
            // start-end rwxp offset device inode, then spaces and the path, which may contain spaces.
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

    /// <summary>Returns the mapping that contains an address, or null.</summary>
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

    /// <summary>Opens the file of a mapping: through the process, which also finds deleted files and files in other mount namespaces; else by its path.</summary>
    public SymbolFile? Open(Mapping mapping, bool withFunctions)
    {
        if (!mapping.IsFile)
        {
            return null;
        }

        // This symbolic link resolves to the mapped file even if its path now names another one. Only privileged processes may follow it.
        var isSame = StartOf(Process) == Started;
        return (isSame ? SymbolFiles.Get(string.Create(CultureInfo.InvariantCulture, $"/proc/{Process}/map_files/{mapping.Start:x}-{mapping.End:x}"), 0, withFunctions)
                ?? SymbolFiles.Get($"/proc/{Process}/root{mapping.FilePath}", mapping.Inode, withFunctions) : null)
            ?? SymbolFiles.Get(mapping.FilePath, mapping.Inode, withFunctions);
    }

    /// <summary>Returns the function at an address of generated code (Java, Node.js, .NET if configured), from the list that the process writes for perf.</summary>
    public (string Name, ulong Offset)? Generated(ulong address)
    {
        if (_generated?.Find(address) is { } found)
        {
            return found;
        }

        // The process may have generated more code since.
        if (_generated is null || Environment.TickCount64 - _generatedRead > LookAgainMilliseconds)
        {
            _generated = StartOf(Process) == Started ? GeneratedCode.Read(Process) : _generated ?? GeneratedCode.None;
            _generatedRead = Environment.TickCount64;
        }

        return _generated.Find(address);
    }

    private static bool Hex(ReadOnlySpan<char> text, out ulong value) => ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}

/// <summary>Caches the mappings of processes with stack traces, and rereads those that may have changed.</summary>
internal static class Processes
{
    private const int FreshMilliseconds = 1000, MostProcesses = 2048;

    private static readonly object s_gate = new();
    private static readonly Dictionary<int, (ProcessMappings? Mappings, long Read)> s_known = [];

    /// <summary>Returns the mappings of a process, or null if it is not accessible.</summary>
    /// <param name="process">The process id.</param>
    /// <param name="addresses">The addresses that the mappings must cover. If the cached mappings do not, the method rereads them.</param>
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
            // The cached mappings have their files resolved already, so they stay if nothing has changed. If the process has just exited,
            // its old mappings are the best there are.
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

/// <summary>Locates the libbpf that this process uses.</summary>
internal static class LibbpfFile
{
    /// <summary>Returns the path of the loaded library in /proc/self/maps; null if the file cannot be read.</summary>
    /// <exception cref="BpfLoadException">As <see cref="Libbpf.Version"/>.</exception>
    public static string? FindPath() => ProcessMappings.Read(Environment.ProcessId)?.Find(Libbpf.Address)?.FilePath;
}
