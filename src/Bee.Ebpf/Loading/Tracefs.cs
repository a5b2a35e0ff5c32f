namespace Bee.Ebpf;

/// <summary>The kernel's trace file system, through which tracepoints are found.</summary>
internal static class Tracefs
{
    /// <summary>Where it is mounted, or null when it is not, or not for this user.</summary>
    public static string? Root => KernelHost.Current.TracefsPath;

    public static BpfLoadException NotMounted(string programName, int errno, string log) =>
        new(LoadFault.NoTracefs, $"Program '{programName}' cannot be attached: tracefs is not mounted on /sys/kernel/tracing, so its target cannot be found.")
        {
            Program = programName,
            Errno = errno,
            Log = log,
            Remedy = "As root: mount -t tracefs tracefs /sys/kernel/tracing",
        };
}
