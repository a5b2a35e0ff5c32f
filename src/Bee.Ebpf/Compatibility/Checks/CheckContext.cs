namespace Bee.Ebpf;

/// <summary>What the checks of one object work with.</summary>
/// <param name="File">The object.</param>
/// <param name="Kernel">What the kernel has.</param>
/// <param name="Analysis">Its code on that kernel.</param>
internal sealed record CheckContext(ObjectFile File, KernelNames Kernel, ProgramAnalysis Analysis)
{
    /// <summary>Makes the relative path of a target's file absolute; null takes it from this process's folder.</summary>
    public Func<string, string, string>? ResolvePath { get; init; }

    /// <summary>The programs that are loaded without being asked for.</summary>
    public IEnumerable<ProgramDescription> Programs => File.Programs.Where(p => p.AutoLoad);

    /// <summary>Names that are near one which is missing, as the end of a sentence.</summary>
    public static string? Near(string name, IEnumerable<string> candidates) => Near(Suggest.Nearest(name, candidates, 3));

    public static string? Near(IReadOnlyList<string> names) => names.Count > 0 ? $"Near it: {string.Join(", ", names)}." : null;

    /// <summary>Names as a list that ends after some.</summary>
    public static string List(IEnumerable<string> names, int most = 6)
    {
        var all = names.Distinct(StringComparer.Ordinal).ToList();
        return string.Join(", ", all.Take(most)) + (all.Count > most ? $" and {all.Count - most} more" : "");
    }

    public static string Count(int count, string one) => count == 1 ? $"1 {one}" : $"{count} {one}s";
}
