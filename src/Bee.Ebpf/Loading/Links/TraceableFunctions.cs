using System.Globalization;

namespace Bee.Ebpf;

/// <summary>A function of the running kernel.</summary>
internal readonly record struct TraceableFunction(string Name, ulong Address);

/// <summary>The functions of the running kernel that can be traced, found by pattern.</summary>
internal static class TraceableFunctions
{
    /// <summary>The kernel's function that attaches one link to many functions; there only with CONFIG_FPROBE.</summary>
    public const string MultiSymbol = "register_fprobe_ips";

    /// <summary>True where one link can attach to many functions (CONFIG_FPROBE).</summary>
    public static bool HasMulti { get; } = Find(MultiSymbol);

    /// <summary>The traceable functions that a pattern fits, by address; empty when none does, or the kernel's symbols cannot be read.</summary>
    public static IReadOnlyList<TraceableFunction> Matching(string pattern)
    {
        try
        {
            var traceable = Traceable(pattern);
            return [.. from line in System.IO.File.ReadLines("/proc/kallsyms")
                       let parts = line.Split([' ', '\t'], 4)
                       where parts.Length > 2 && parts[1] is "t" or "T" && TargetText.Fits(pattern, parts[2]) && traceable?.Contains(parts[2]) != false
                       let address = ulong.Parse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                       where address != 0
                       select new TraceableFunction(parts[2], address)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // Lines are "name" or "name [module]". Without the file nothing is known to be closed to tracing.
    private static HashSet<string>? Traceable(string pattern)
    {
        var path = Path.Combine(Tracefs.Root ?? "", "available_filter_functions");
        return !System.IO.File.Exists(path) ? null : [.. System.IO.File.ReadLines(path).Select(l => l.Split(' ')[0]).Where(n => TargetText.Fits(pattern, n))];
    }

    private static bool Find(string symbol)
    {
        try
        {
            return System.IO.File.ReadLines("/proc/kallsyms").Any(l => l.EndsWith(' ' + symbol, StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
