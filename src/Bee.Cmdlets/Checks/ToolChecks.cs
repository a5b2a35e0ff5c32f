using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>The library that loads programs, and the tools that build them.</summary>
internal static class ToolChecks
{
    public static CheckResult Libbpf()
    {
        try
        {
            return new CheckResult("Libbpf", CheckState.Ok, $"libbpf {Bee.Ebpf.Libbpf.Version}.");
        }
        catch (BpfLoadException missing)
        {
            return new CheckResult("Libbpf", CheckState.Failed, missing.Message) { Remedy = missing.Remedy };
        }
    }
}
