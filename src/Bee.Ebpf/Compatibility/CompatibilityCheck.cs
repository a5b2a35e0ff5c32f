namespace Bee.Ebpf;

/// <summary>Tells whether a kernel can run an object, without loading anything into it.</summary>
public static class CompatibilityCheck
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
        var context = new CheckContext(file, kernel.Names, new ProgramAnalysis(file, kernel)) { ResolvePath = resolvePath };
        Func<CheckContext, IEnumerable<CheckResult>>[] checks =
            [TypeCheck.Run, TargetCheck.Run, RelocationCheck.Run, HelperCheck.Run, KernelSymbolCheck.Run, SettingCheck.Run, MemoryCheck.Run];
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
        return new ProgramAnalysis(file, kernel).Relocations;
    }
}
