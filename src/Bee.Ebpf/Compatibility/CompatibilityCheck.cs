namespace Bee.Ebpf;

/// <summary>Tells whether a kernel can run an object, without loading anything into it.</summary>
public static class CompatibilityCheck
{
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
