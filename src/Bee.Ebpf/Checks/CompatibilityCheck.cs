using Bee.Ebpf.CoRe;
using Bee.Ebpf.Host;
using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Checks;

/// <summary>The result of a check.</summary>
public enum CheckState
{
    /// <summary>The check passed.</summary>
    Ok,

    /// <summary>Something will not work, or not for all users; the message explains it.</summary>
    Warning,

    /// <summary>A requirement is missing or wrong.</summary>
    Failed,

    /// <summary>The check does not apply here.</summary>
    Skipped,

    /// <summary>The check cannot decide, for example because a permission is missing.</summary>
    Unknown,
}

/// <summary>The result of one check, with a remedy if it did not pass.</summary>
/// <param name="Name">The name of the check, one word. It is stable, so scripts can rely on it.</param>
/// <param name="State">The result.</param>
/// <param name="Message">The finding, as a sentence.</param>
public sealed record CheckResult(string Name, CheckState State, string Message)
{
    /// <summary>How to fix the problem, with the command if there is one; null if there is nothing to do.</summary>
    public string? Remedy { get; init; }

    /// <summary>The checked object: a path, a setting, a program, a map; null if the name of the check identifies it.</summary>
    public string? Target { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {State}. {Message}";
}

/// <summary>Checks whether a kernel can run an object, without loading anything.</summary>
internal static class CompatibilityCheck
{
    /// <summary>Runs all checks that do not load programs: type layouts, helpers, kernel symbols, kinds and targets, as libbpf and the verifier would judge them.</summary>
    /// <param name="file">The object.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="resolvePath">See <see cref="AttachOptions.ResolvePath"/>.</param>
    /// <returns>
    /// The results, in a fixed order of checks; each check that applies to the object has at least one result. The verifier
    /// checks more (loops, pointers, limits) when the programs are loaded.
    /// </returns>
    public static IEnumerable<CheckResult> Run(ObjectFile file, TargetKernel kernel, Func<string, string, string>? resolvePath = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(kernel);
        var parameters = Defaults(file);
        file = file.WithSizedMaps(parameters);
        var context = new CheckContext(file, kernel.Names, new ProgramAnalysis(file, kernel, parameters)) { ResolvePath = resolvePath };
        Func<CheckContext, IEnumerable<CheckResult>>[] checks =
            [TypeCheck.Run, TargetCheck.Run, RelocationCheck.Run, HelperCheck.Run, KernelSymbolCheck.Run, SettingCheck.Run, MapSizeCheck.Run, MemoryCheck.Run];
        return checks.SelectMany(check => check(context));
    }

    /// <summary>Resolves the object's CO-RE relocations against a kernel's types, with the same rules and results as libbpf.</summary>
    /// <param name="file">The object.</param>
    /// <param name="kernel">The kernel.</param>
    /// <returns>The relocations of programs that are loaded by default, in file order; empty for an object without BTF.</returns>
    public static IReadOnlyList<RelocationResult> Relocations(ObjectFile file, TargetKernel kernel)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(kernel);
        return new ProgramAnalysis(file, kernel, Defaults(file)).Relocations;
    }

    // MetadataCheck reports invalid defaults. The other checks then use the values in the file.
    private static BoundParameters Defaults(ObjectFile file)
    {
        try
        {
            return file.BindParameters();
        }
        catch (BpfParameterException)
        {
            return new BoundParameters([]);
        }
    }
}

/// <summary>The input of the checks of one object.</summary>
/// <param name="File">The object.</param>
/// <param name="Kernel">The names in the kernel.</param>
/// <param name="Analysis">The object's code on that kernel.</param>
internal sealed record CheckContext(ObjectFile File, KernelNames Kernel, ProgramAnalysis Analysis)
{
    /// <summary>Makes the relative path of a target's file absolute; null to use this process's folder.</summary>
    public Func<string, string, string>? ResolvePath { get; init; }

    /// <summary>The programs that are loaded by default.</summary>
    public IEnumerable<ProgramDescription> Programs => File.Programs.Where(p => p.AutoLoad);

    /// <summary>Returns names similar to a missing one, as the end of a sentence.</summary>
    public static string? Near(string name, IEnumerable<string> candidates) => Near(Suggest.Nearest(name, candidates, 3));

    public static string? Near(IReadOnlyList<string> names) => names.Count > 0 ? $"Near it: {string.Join(", ", names)}." : null;

    /// <summary>Formats names as a list, truncated after some.</summary>
    public static string List(IEnumerable<string> names, int most = 6)
    {
        var all = names.Distinct(StringComparer.Ordinal).ToList();
        return string.Join(", ", all.Take(most)) + (all.Count > most ? $" and {all.Count - most} more" : "");
    }

    public static string Count(int count, string one) => Quantity.Of(count, one);
}
