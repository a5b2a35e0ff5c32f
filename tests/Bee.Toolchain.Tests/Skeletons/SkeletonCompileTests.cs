namespace Bee.Toolchain.Tests;

/// <summary>Combinations of kind, map and output compile without changes and without a diagnostic.</summary>
public class SkeletonCompileTests
{
    public static TheoryData<string> Kinds => [.. Combinations.Kinds];

    [CompileTheory]
    [MemberData(nameof(Kinds))]
    public void It_compiles(string kind)
    {
        var failures = new List<string>();
        Parallel.ForEach(Combinations.Compiled(kind), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, combination =>
        {
            try
            {
                Combinations.Compile(combination);
            }
            catch (Exception exception)
            {
                lock (failures)
                {
                    failures.Add($"{combination.Name}: {exception.Message}\n{combination.Write()}");
                }
            }
        });

        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    [CompileFact]
    public void Kinds_together_compile_every_map_with_every_output()
    {
        var pairs = Combinations.Kinds.SelectMany(Combinations.Compiled).Select(item => (item.Map, item.Output)).Distinct().Count();

        // Four maps with four outputs, without a gauge in a ring or perf buffer; and the iterator, which has no map.
        Assert.Equal(4 * 4 - 2 + 1, pairs);
    }
}
