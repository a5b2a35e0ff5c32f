using Bee.Ebpf;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;

namespace Bee.Cmdlets;

/// <summary>The kernel's file systems that programs are found, kept and attached through.</summary>
internal static class FileSystemChecks
{
    private static KernelHost Host => KernelHost.Current;

    public static CheckResult Tracefs()
    {
        if (Host.TracefsPath is { } path)
        {
            return new("Tracefs", CheckState.Ok, $"tracefs is mounted on {path}.") { Target = path };
        }

        return Host.MountOf("tracefs") is { } closed
            ? new("Tracefs", CheckState.Failed, $"tracefs is mounted on {closed}, and closed to this user.") { Target = closed, Remedy = "Run as root (sudo)." }
            : new("Tracefs", CheckState.Failed, "tracefs is not mounted, so that tracepoints and kprobes cannot be found.")
            {
                Target = "/sys/kernel/tracing",
                Remedy = "As root: mount -t tracefs tracefs /sys/kernel/tracing",
            };
    }

    public static CheckResult Bpffs()
    {
        string? mounted = Host.MountOf("bpf", PinPath.FileSystem) ?? Host.MountOf("bpf");
        return mounted switch
        {
            PinPath.FileSystem => DefaultFolderOfPins() ?? new("Bpffs", CheckState.Ok, $"A BPF file system is mounted on {mounted}.") { Target = mounted },
            null => new("Bpffs", CheckState.Warning, "No BPF file system is mounted, so that programs cannot be kept with -PinPath.")
            {
                Target = PinPath.FileSystem,
                Remedy = $"As root: mount -t bpf bpf {PinPath.FileSystem}",
            },
            _ => new("Bpffs", CheckState.Warning, $"A BPF file system is mounted on {mounted} only: -PinPath takes paths there, but no names.")
            {
                Target = mounted,
                Remedy = $"As root: mount -t bpf bpf {PinPath.FileSystem}",
            },
        };
    }

    // Any user can make the folder that names of pins mean, before Bee does.
    private static CheckResult? DefaultFolderOfPins()
    {
        try
        {
            PinPath.CheckFree($"{PinPath.DefaultFolder}/check");
            return null;
        }
        catch (PinException blocked) when (blocked.Fault == PinFault.Untrusted)
        {
            return new("Bpffs", CheckState.Warning, blocked.Message) { Target = blocked.Path, Remedy = ErrorRecords.Remedy(blocked) };
        }
        catch (PinException)
        {
            // Pinning a program reports what else can be wrong.
            return null;
        }
    }

    public static CheckResult CgroupV2() => Host.MountOf("cgroup2") is { } path
        ? new("CgroupV2", CheckState.Ok, $"Control groups (version 2) are mounted on {path}.") { Target = path }
        : new("CgroupV2", CheckState.Warning, "No control groups of version 2 are mounted, so that programs cannot be attached to any.")
        {
            Target = "/sys/fs/cgroup",
            Remedy = "As root: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified; or start with systemd.unified_cgroup_hierarchy=1.",
        };
}
