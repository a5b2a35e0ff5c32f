using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Bee.Ebpf;

namespace Bee.Toolchain.Tests;

/// <summary>A kind of program, a map and an output.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Map">The map; null for an iterator.</param>
/// <param name="Output">The output.</param>
internal sealed record Combination(string Kind, SkeletonMapType? Map, SkeletonOutput Output)
{
    /// <summary>A name for the program that says which it is.</summary>
    public string Name => $"{Kind}_{Map}_{Output}".ToLowerInvariant();

    public string Write() => ProgramSkeleton.Write(new SkeletonRequest { Name = "try", FileName = "try.bpf.c", Kind = Kind, MapType = Map, Output = Output });
}

/// <summary>All combinations that there are skeletons for, each compiled once.</summary>
internal static partial class Combinations
{
    private static readonly ConcurrentDictionary<string, Lazy<ObjectFile>> Compiled = new();

    /// <summary>The kinds.</summary>
    internal static IReadOnlyList<string> Kinds => ProgramSkeleton.Kinds;

    /// <summary>What a kind can be combined with.</summary>
    internal static IEnumerable<Combination> Of(string kind)
        => from map in Enum.GetValues<SkeletonMapType>().Cast<SkeletonMapType?>().Append(null)
           from output in Enum.GetValues<SkeletonOutput>()
           let combination = new Combination(kind, map, output)
           where IsWritten(combination) && (map is not null || kind == "iter")
           select combination;

    /// <summary>
    /// Combinations whose text is another kind's but for the section: what is true of one is true of all, and the compiler need not see all of them.
    /// </summary>
    internal static bool IsFirstOfItsText(Combination combination)
        => combination.Kind == Kinds.First(kind => Skeleton(new Combination(kind, combination.Map, combination.Output)) == Skeleton(combination));

    internal static ObjectFile Compile(Combination combination)
        => Compiled.GetOrAdd(combination.Name, _ => new Lazy<ObjectFile>(() => Sources.Compile(combination.Write(), PrecompiledBee.Flags))).Value;

    private static string? Skeleton(Combination combination) => IsWritten(combination) ? Own().Replace(combination.Write(), string.Empty) : null;

    private static bool IsWritten(Combination combination)
    {
        try
        {
            combination.Write();
            return true;
        }
        catch (SkeletonException exception) when (exception.Fault == SkeletonFault.Combination)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^SEC\(.*\)$|^// Runs .*$", RegexOptions.Multiline)]
    private static partial Regex Own();
}
