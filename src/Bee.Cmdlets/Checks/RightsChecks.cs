using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;

namespace Bee.Cmdlets;

/// <summary>What this process may do.</summary>
internal static class RightsChecks
{
    private const string Grant = "Run as root (sudo), or give the process the capability, for instance with AmbientCapabilities in a systemd unit.";
    private static readonly Version s_withOwnCapabilities = new(5, 8), s_withMemoryAccounting = new(5, 11);

    private static KernelHost Host => KernelHost.Current;

    public static CheckResult User()
    {
        string who = $"{Environment.UserName}{(Environment.IsPrivilegedProcess ? "" : ", not root")}";
        if (Host.IsInUserNamespace)
        {
            return new("User", CheckState.Failed, $"This process ({who}) is in a user namespace, as in a rootless container: its capabilities do not count for eBPF.")
            {
                Remedy = "Run it on the host, or in a container that shares the host's user namespace (--privileged, or --userns=host with the capabilities).",
            };
        }

        return Host.Has(Capability.SysAdmin) || (Host.Has(Capability.Bpf) && Host.Has(Capability.PerfMon))
            ? new("User", CheckState.Ok, $"This process ({who}) may load and trace.")
            : new("User", CheckState.Failed, $"This process ({who}) may not load programs.") { Remedy = "Run as root (sudo), or give it CAP_BPF and CAP_PERFMON." };
    }

    public static CheckResult Bpf() => OfItsOwn("CAP_BPF", Capability.Bpf, "Programs cannot be loaded, and maps not made");

    public static CheckResult PerfMon() => OfItsOwn("CAP_PERFMON", Capability.PerfMon, "Nothing can be traced, and perf buffers not opened");

    public static CheckResult NetAdmin() => Host.Has(Capability.NetAdmin)
        ? new("CAP_NET_ADMIN", CheckState.Ok, "This process has CAP_NET_ADMIN.")
        : new("CAP_NET_ADMIN", CheckState.Warning, "Programs of the network and of control groups cannot be loaded: this process lacks CAP_NET_ADMIN.") { Remedy = Grant };

    public static CheckResult SysResource()
    {
        if (Host.Has(Capability.SysResource))
        {
            return new("CAP_SYS_RESOURCE", CheckState.Ok, "This process has CAP_SYS_RESOURCE.");
        }

        return Host.Version >= s_withMemoryAccounting
            ? new("CAP_SYS_RESOURCE", CheckState.Skipped, $"This process lacks CAP_SYS_RESOURCE, which from Linux {s_withMemoryAccounting} on is not needed.")
            : new("CAP_SYS_RESOURCE", CheckState.Warning, "The limit of locked memory cannot be raised: this process lacks CAP_SYS_RESOURCE.") { Remedy = Grant };
    }

    public static CheckResult MemoryLock()
    {
        if (Host.Version >= s_withMemoryAccounting)
        {
            return new("MemoryLock", CheckState.Skipped, $"From Linux {s_withMemoryAccounting} on, maps count against the control group's memory and not against the limit of locked memory.");
        }

        // libbpf raises the limit where it may.
        return Host.MemoryLock is not { } bytes || Host.Has(Capability.SysResource)
            ? new("MemoryLock", CheckState.Ok, "Locked memory is not limited, or the limit can be raised.")
            : new("MemoryLock", CheckState.Warning, $"At most {ViewText.Size(bytes)} can be locked, and maps count against that.") { Remedy = "Before starting PowerShell, as root: ulimit -l unlimited (in a systemd unit: LimitMEMLOCK=infinity)." };
    }

    private static CheckResult OfItsOwn(string name, Capability capability, string without)
    {
        if (Host.Has(capability))
        {
            return new(name, CheckState.Ok, $"This process has {name}.");
        }

        if (Host.Has(Capability.SysAdmin))
        {
            return new(name, CheckState.Ok, $"This process has CAP_SYS_ADMIN, which includes {name}.");
        }

        return new(name, CheckState.Failed, $"{without}: this process lacks {name}.")
        {
            Remedy = Host.Version < s_withOwnCapabilities ? $"Run as root (sudo): before Linux {s_withOwnCapabilities} it takes CAP_SYS_ADMIN." : Grant,
        };
    }
}
