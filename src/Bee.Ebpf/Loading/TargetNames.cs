namespace Bee.Ebpf;

/// <summary>Names of what a program could have attached to, for suggestions after a miss.</summary>
internal static class TargetNames
{
    /// <summary>All names that a program's target could have had. What cannot be read gives no names.</summary>
    public static IEnumerable<string> For(ProgramDescription program) => KernelTargets.Names(program.Kind);
}
