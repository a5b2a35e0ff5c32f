using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Checks of an object file against a kernel.</summary>
internal static class ObjectChecks
{
    /// <summary>What the object is, and whether the kernel can run it.</summary>
    public static IEnumerable<CheckResult> Run(ProgramInput input, TargetKernel kernel, Func<string, string, string> resolvePath)
    {
        int maps = input.File.Maps.Count(map => !map.IsInternal);
        yield return new CheckResult("Object", CheckState.Ok, $"{input.Name} is sound: {Count(input.File.Programs.Count, "program")}, {Count(maps, "map")}, {Count(input.File.Parameters.Count, "parameter")}. Asked: {kernel.Name}.") { Target = input.Origin };
        foreach (PresentationFault fault in input.Said.Check(input.File))
        {
            yield return new CheckResult("Config", CheckState.Warning, $"What the image says of {fault.Place} does not fit its program: {fault.Message}") { Target = fault.Place };
        }

        foreach (CheckResult result in CompatibilityCheck.Run(input.File, kernel, resolvePath))
        {
            yield return result;
        }
    }

    /// <summary>The result for a program that cannot be read.</summary>
    public static CheckResult Damaged(string reference, BpfObjectException fault) => new("Object", CheckState.Failed, fault.Message) { Target = reference };

    private static string Count(int count, string one) => count == 1 ? $"1 {one}" : $"{count} {one}s";
}
