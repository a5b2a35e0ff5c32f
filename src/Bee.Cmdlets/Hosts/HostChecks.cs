using Bee.Ebpf.Checks;

namespace Bee.Cmdlets.Hosts;

/// <summary>What Test-BeeHost checks, by name and in the order in which a person would set a machine up.</summary>
internal static class HostChecks
{
    /// <summary>Every check's name, and the check itself.</summary>
    public static IReadOnlyList<(string Name, Func<CancellationToken, CheckResult> Run)> All { get; } =
    [
        ("KernelVersion", _ => KernelChecks.Version()),
        ("KernelBtf", _ => KernelChecks.Btf()),
        ("Tracefs", _ => KernelChecks.Tracefs()),
        ("Bpffs", _ => KernelChecks.Bpffs()),
        ("CgroupV2", _ => KernelChecks.CgroupV2()),
        ("User", _ => RightsChecks.User()),
        ("CAP_BPF", _ => RightsChecks.Bpf()),
        ("CAP_PERFMON", _ => RightsChecks.PerfMon()),
        ("CAP_NET_ADMIN", _ => RightsChecks.NetAdmin()),
        ("CAP_SYS_RESOURCE", _ => RightsChecks.SysResource()),
        ("MemoryLock", _ => RightsChecks.MemoryLock()),
        ("Lockdown", _ => RightsChecks.Lockdown()),
        ("UnprivilegedBpf", _ => RightsChecks.UnprivilegedBpf()),
        ("PerfEventParanoid", _ => RightsChecks.PerfEventParanoid()),
        ("KernelAddresses", _ => RightsChecks.KernelAddresses()),
        ("Jit", _ => KernelChecks.Jit()),
        ("Kprobes", _ => KernelChecks.Kprobes()),
        ("Uprobes", _ => KernelChecks.Uprobes()),
        ("Trampolines", _ => KernelChecks.Trampolines()),
        ("BpfLsm", _ => KernelChecks.BpfLsm()),
        ("Libbpf", _ => ToolChecks.Libbpf()),
        ("Clang", ToolChecks.Clang),
        ("LlvmStrip", ToolChecks.LlvmStrip),
        ("LibbpfHeaders", ToolChecks.LibbpfHeaders),
        ("BeeHeaders", _ => ToolChecks.BeeHeaders()),
        ("ImageStore", _ => ToolChecks.ImageStore()),
        ("RegistrySettings", _ => RegistryChecks.Settings()),
        ("Mirrors", _ => RegistryChecks.Mirrors()),
        ("VerificationPolicy", _ => RegistryChecks.Policy()),
    ];

    /// <summary>Runs one check. What nobody foresaw is a result too: whoever asks what is wrong must get an answer.</summary>
    public static CheckResult Run(string name, Func<CancellationToken, CheckResult> check, CancellationToken cancellationToken)
    {
        try
        {
            return check(cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return new CheckResult(name, CheckState.Unknown, $"It could not be checked: {fault.Message}");
        }
    }
}
