using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>The CPUs of this machine.</summary>
internal static class Cpus
{
    private static readonly Lazy<int> s_possible = new(() => Math.Max(1, LibbpfCalls.libbpf_num_possible_cpus()));

    /// <summary>The number of possible CPUs, online or not: the number of values per key in a per-CPU map.</summary>
    public static int Possible => s_possible.Value;

    /// <summary>Returns the numbers of the online CPUs.</summary>
    public static IReadOnlyList<int> Online()
    {
        const string Path = "/sys/devices/system/cpu/online";
        return System.IO.File.Exists(Path) ? ParseList(RegularFile.ReadAllText(Path)) : [.. Enumerable.Range(0, Environment.ProcessorCount)];
    }

    /// <summary>Parses the kernel's list format, such as <c>0-3,6</c>.</summary>
    internal static IReadOnlyList<int> ParseList(string list)
    {
        var cpus = new List<int>();
        foreach (var part in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-');
            var first = int.Parse(ends[0]);
            var last = int.Parse(ends[^1]);
            cpus.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return cpus;
    }
}
