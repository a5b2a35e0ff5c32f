using System.Text;
using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>A function of the running kernel.</summary>
internal readonly record struct TraceableFunction(string Name, ulong Address);

/// <summary>The functions of the running kernel that can be traced, found by pattern.</summary>
internal static class TraceableFunctions
{
    /// <summary>The kernel's function that attaches one link to many functions; there only with CONFIG_FPROBE.</summary>
    public const string MultiSymbol = "register_fprobe_ips";

    /// <summary>True where one link can attach to many functions (CONFIG_FPROBE).</summary>
    public static bool HasMulti { get; } = Find(Encoding.UTF8.GetBytes(MultiSymbol));

    /// <summary>The traceable functions that a pattern fits, by address; empty when none does, or the kernel's symbols cannot be read.</summary>
    public static IReadOnlyList<TraceableFunction> Matching(string pattern)
    {
        try
        {
            var traceable = Traceable(pattern);
            var found = new List<TraceableFunction>();
            using var list = KernelSymbolReader.Open();
            while (list.Read())
            {
                if (list.IsCode && list.Address != 0 && Encoding.UTF8.GetString(list.Name) is var name && TargetText.Fits(pattern, name) && traceable?.Contains(name) != false)
                {
                    found.Add(new TraceableFunction(name, list.Address));
                }
            }

            return found;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // Lines are "name" or "name [module]". Without the file, or where the kernel keeps it from everybody, nothing is known to be closed to tracing.
    private static HashSet<string>? Traceable(string pattern)
    {
        try
        {
            return [.. RegularFile.ReadLines(Path.Combine(Tracefs.Root ?? "", "available_filter_functions")).Select(l => l.Split(' ')[0]).Where(n => TargetText.Fits(pattern, n))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool Find(ReadOnlySpan<byte> symbol)
    {
        try
        {
            using var list = KernelSymbolReader.Open();
            while (list.Read())
            {
                if (list.Name.SequenceEqual(symbol))
                {
                    return true;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then nobody knows, and one link a function always goes.
        }

        return false;
    }
}
