using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>What Test-BeeHost checks, by name and in the order in which a person would set a machine up.</summary>
internal static class HostChecks
{
    /// <summary>Every check's name with the check itself.</summary>
    public static IReadOnlyList<(string Name, Func<CheckResult> Run)> All { get; } =
    [
        ("KernelVersion", KernelChecks.Version),
        ("KernelBtf", KernelChecks.Btf),
        ("Tracefs", KernelChecks.Tracefs),
        ("Bpffs", KernelChecks.Bpffs),
        ("Libbpf", ToolChecks.Libbpf),
    ];
}
