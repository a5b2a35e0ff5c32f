using Bee.Ebpf.Checks;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Symbols;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Toolchain.Tools;

namespace Bee.Cmdlets.Hosts;

/// <summary>The checks of Test-BeeHost, in the order in which an administrator would set a machine up.</summary>
internal static class HostChecks
{
    /// <summary>All checks with their names.</summary>
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

    /// <summary>Runs one check. An unexpected exception becomes a result with the state Unknown, so that the other checks still run.</summary>
    public static CheckResult Run(string name, Func<CancellationToken, CheckResult> check, CancellationToken cancellationToken)
    {
        try
        {
            return check(cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            return new CheckResult(name, CheckState.Unknown, $"The check could not run: {fault.Message}");
        }
    }
}

/// <summary>Checks libbpf, the build tools and the image store.</summary>
internal static class ToolChecks
{
    public static CheckResult Libbpf()
    {
        try
        {
            return new("Libbpf", CheckState.Ok, $"libbpf {Bee.Ebpf.Interop.Libbpf.Version}{(Bee.Ebpf.Interop.Libbpf.OverridePath is null ? "" : $", from {Bee.Ebpf.Interop.Libbpf.OverrideVariable}")}.") { Target = LibbpfFile.FindPath() };
        }
        catch (BpfLoadException missing)
        {
            string remedy = Bee.Ebpf.Interop.Libbpf.OverridePath is { } path
                ? $"The environment variable {Bee.Ebpf.Interop.Libbpf.OverrideVariable} names {path}: set it to the path of libbpf 1.0 or later, or unset it."
                : $"{ToolFinding.LibbpfRemedy} To use a copy in another folder, set the environment variable {Bee.Ebpf.Interop.Libbpf.OverrideVariable} to its path.";
            return new("Libbpf", CheckState.Failed, missing.Message) { Remedy = remedy, Target = Bee.Ebpf.Interop.Libbpf.OverridePath };
        }
    }

    // Only builds need these tools. Images run without them.
    public static CheckResult Clang(CancellationToken cancellationToken) => Of("Clang", ToolFinding.Clang(cancellationToken));

    public static CheckResult LlvmStrip(CancellationToken cancellationToken) => Of("LlvmStrip", ToolFinding.Strip(cancellationToken));

    public static CheckResult LibbpfHeaders(CancellationToken cancellationToken) => Of("LibbpfHeaders", ToolFinding.LibbpfHeaders(cancellationToken));

    public static CheckResult BeeHeaders() => Bee.Toolchain.Compiling.BeeHeaders.Directory is { } folder
        ? new("BeeHeaders", CheckState.Ok, "bee.h exists.") { Target = folder }
        : new("BeeHeaders", CheckState.Warning, "bee.h is missing: the module is incomplete, so C files cannot be built.") { Remedy = "Install the module again." };

    public static CheckResult ImageStore()
    {
        string path = string.Empty;
        try
        {
            var store = new ImageStore(Bee.Oci.Store.ImageStore.DefaultPath);
            path = store.Path;
            return store.IsWritable
                ? new("ImageStore", CheckState.Ok, "Images can be read and written.") { Target = path }
                : new("ImageStore", CheckState.Warning, $"Images cannot be stored in {path}: this user may not write to it.") { Target = path, Remedy = "Set the environment variable BEE_STORE to a folder of your own." };
        }
        catch (StoreException fault)
        {
            return new("ImageStore", CheckState.Failed, fault.Message) { Target = path, Remedy = "Set the environment variable BEE_STORE to a folder of your own." };
        }
    }

    private static CheckResult Of(string name, ToolFinding found) => found.Path is null
        ? new(name, CheckState.Warning, $"{found.Message} Only builds need it; images run without it.") { Remedy = found.Remedy }
        : new(name, CheckState.Ok, found.Message) { Target = found.Path };
}
