using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;

namespace Bee.Cmdlets;

/// <summary>Checks of an object file against a kernel.</summary>
internal static class ObjectChecks
{
    /// <summary>What the object is, and whether the kernel can run it.</summary>
    public static IEnumerable<CheckResult> Run(Tool tool, TargetKernel kernel, Func<string, string, string> resolvePath)
    {
        int maps = tool.File.Maps.Count(map => !map.IsInternal);
        yield return new CheckResult("Object", CheckState.Ok, $"{tool.Name} is sound: {Count(tool.File.Programs.Count, "program")}, {Count(maps, "map")}, {Count(tool.File.Parameters.Count, "parameter")}. Asked: {kernel.Name}.") { Target = tool.Origin };
        foreach (MetadataFault fault in MetadataCheck.Check(tool.Metadata, tool.File))
        {
            yield return new CheckResult("Config", CheckState.Warning, $"What the image says of {fault.Place} does not fit its program: {fault.Message}") { Target = fault.Place };
        }

        foreach (CheckResult result in CompatibilityCheck.Run(tool.File, kernel, resolvePath))
        {
            yield return result;
        }
    }

    /// <summary>The result for a program that cannot be read.</summary>
    public static CheckResult Damaged(string reference, BpfObjectException fault) => new("Object", CheckState.Failed, fault.Message) { Target = reference };

    private static string Count(int count, string one) => count == 1 ? $"1 {one}" : $"{count} {one}s";
}
