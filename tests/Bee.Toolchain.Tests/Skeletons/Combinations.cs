using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Bee.Ebpf.Objects;
using Bee.Toolchain.Skeletons;

namespace Bee.Toolchain.Tests;

/// <summary>A kind of program, a map and an output.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Map">The map; null for an iterator.</param>
/// <param name="Output">The output.</param>
internal sealed record Combination(string Kind, SkeletonMapType? Map, SkeletonOutput Output)
{
    /// <summary>A name for the program that identifies the combination.</summary>
    public string Name => $"{Kind}_{Map}_{Output}".ToLowerInvariant();

    public string Write() => ProgramSkeleton.Write(new SkeletonRequest { Name = "try", FileName = "try.bpf.c", Kind = Kind, MapType = Map, Output = Output });
}

/// <summary>
/// The combinations with skeletons, each compiled once. A full run uses all of them; otherwise each kind uses a few, and all kinds
/// together cover every map with every output.
/// </summary>
internal static partial class Combinations
{
    private static readonly ConcurrentDictionary<Combination, Lazy<ObjectFile>> s_objects = new();
    private static readonly ConcurrentDictionary<Combination, string?> s_texts = new();

    /// <summary>The kinds.</summary>
    internal static IReadOnlyList<string> Kinds => ProgramSkeleton.Kinds;

    /// <summary>The combinations of a kind that this run compiles.</summary>
    internal static IEnumerable<Combination> Compiled(string kind) => Tested(kind).Where(IsFirstOfItsText);

    /// <summary>The combinations of a kind that this run loads: those it compiles, and the kind's default.</summary>
    internal static IEnumerable<Combination> Loaded(string kind) => Tested(kind).Where(item => IsFirstOfItsText(item) || IsDefault(item));

    internal static ObjectFile Compile(Combination combination)
        => s_objects.GetOrAdd(combination, _ => new Lazy<ObjectFile>(() => Sources.Compile(combination.Write(), PrecompiledBee.Flags))).Value;

    // Without a full run: the default, and two more, chosen by the kind's index so that kinds alternate.
    private static IEnumerable<Combination> Tested(string kind)
    {
        const int More = 2;
        List<Combination> all = [.. Of(kind)];
        if (FullRun.IsOn)
        {
            return all;
        }

        var first = Kinds.ToList().IndexOf(kind) * More;
        return Enumerable.Range(first, More).Select(i => all[i % all.Count]).Concat(all.Where(IsDefault)).Distinct();
    }

    private static bool IsDefault(Combination item) => item is { Map: SkeletonMapType.RingBuffer or null, Output: SkeletonOutput.Print };

    // The maps and outputs that a kind supports.
    private static IEnumerable<Combination> Of(string kind)
        => from map in Enum.GetValues<SkeletonMapType>().Cast<SkeletonMapType?>().Append(null)
           from output in Enum.GetValues<SkeletonOutput>()
           let combination = new Combination(kind, map, output)
           where Text(combination) is not null && (map is not null || kind == "iter")
           select combination;

    // Combinations whose text differs from another kind's only in the section. One of them is sufficient for the compiler.
    private static bool IsFirstOfItsText(Combination combination)
        => combination.Kind == Kinds.First(kind => Text(combination with { Kind = kind }) == Text(combination));

    // Combinations without a skeleton have no text.
    private static string? Text(Combination combination) => s_texts.GetOrAdd(combination, _ =>
    {
        try
        {
            return Own().Replace(combination.Write(), string.Empty);
        }
        catch (SkeletonException exception) when (exception.Fault == SkeletonFault.Combination)
        {
            return null;
        }
    });

    [GeneratedRegex(@"^SEC\(.*\)$|^// Runs .*$", RegexOptions.Multiline)]
    private static partial Regex Own();
}
