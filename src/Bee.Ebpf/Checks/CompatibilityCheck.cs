using Bee.Ebpf.CoRe;
using Bee.Ebpf.Host;
using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Checks;

/// <summary>How a check came out.</summary>
public enum CheckState
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Something will not work, or not for everybody; the message says what.</summary>
    Warning,

    /// <summary>What is needed is missing or wrong.</summary>
    Failed,

    /// <summary>It does not apply here.</summary>
    Skipped,

    /// <summary>Nobody can tell from here, for instance for want of a permission.</summary>
    Unknown,
}

/// <summary>One thing that was checked, and what to do where it is not as it should be.</summary>
/// <param name="Name">What was checked, one word: stable, so that scripts can ask for it.</param>
/// <param name="State">How it came out.</param>
/// <param name="Message">What was found, as a sentence.</param>
public sealed record CheckResult(string Name, CheckState State, string Message)
{
    /// <summary>What to do about it, if need be with the command to type; null where there is nothing to do.</summary>
    public string? Remedy { get; init; }

    /// <summary>What it was checked of: a path, a setting, a program, a map; null where the name says it.</summary>
    public string? Target { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {State}. {Message}";
}

/// <summary>Tells whether a kernel can run an object, without loading anything into it.</summary>
internal static class CompatibilityCheck
{
    /// <summary>Asks everything that can be asked without loading: what the loader and the verifier will say about layouts of types, helpers, names, kinds and targets.</summary>
    /// <param name="file">The object.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="resolvePath">As <see cref="AttachOptions.ResolvePath"/>.</param>
    /// <returns>
    /// What was found, in a fixed order of checks; each check gives one finding at least for an object that has what it is about. The verifier
    /// has more to say (loops, pointers, limits), which only loading tells.
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

    /// <summary>Resolves the object's CO-RE relocations against a kernel's types, by libbpf's rules and with its results.</summary>
    /// <param name="file">The object.</param>
    /// <param name="kernel">The kernel.</param>
    /// <returns>The relocations of what is loaded without being asked for, in the file's order; none for an object without types.</returns>
    public static IReadOnlyList<RelocationResult> Relocations(ObjectFile file, TargetKernel kernel)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(kernel);
        return new ProgramAnalysis(file, kernel, Defaults(file)).Relocations;
    }

    // A default of the author's that does not fit is what MetadataCheck reports; the rest is checked with the values in the file.
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

    public static string Count(int count, string one) => Quantity.Of(count, one);
}
