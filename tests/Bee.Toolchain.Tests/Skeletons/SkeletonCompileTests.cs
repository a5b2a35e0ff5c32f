namespace Bee.Toolchain.Tests;

/// <summary>Every combination of kind, map and output compiles as it is written, without a word from clang.</summary>
[Collection("environment")]
public class SkeletonCompileTests
{
    public static TheoryData<string> Kinds => [.. Combinations.Kinds];

    [CompileTheory]
    [MemberData(nameof(Kinds))]
    public void It_compiles(string kind)
    {
        var failures = new List<string>();
        Parallel.ForEach(Combinations.Of(kind).Where(Combinations.IsFirstOfItsText), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, combination =>
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
}
