using Bee.Packages;
using Bee.VirtualMachine.Machine;

namespace Bee.VirtualMachine.Compatibility;

/// <summary>Runs the same programs on the running kernel, in their own network namespace and cgroup.</summary>
internal static class HostKinds
{
    /// <summary>The running kernel's major and minor number.</summary>
    public static string Kernel { get; } = string.Join('.', File.ReadAllText("/proc/sys/kernel/osrelease").Split('.').Take(2));

    /// <summary>Runs the programs. Requires root.</summary>
    public static IReadOnlyList<KindResult> Run()
    {
        string mount = File.ReadAllLines("/proc/self/mounts").Select(line => line.Split(' ')).First(fields => fields[2] == "cgroup2")[1];
        string cgroup = Directory.CreateDirectory(Path.Combine(mount, $"bee-kinds-{Environment.ProcessId}")).FullName;
        try
        {
            string script = $"Import-Module '{Project.Module}'; & '{Project.Suite}/inside/try-kinds.ps1' -From '{ProgramStore.Kinds}' -Cgroup '{cgroup}'";
            string[] arguments = ["--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh", Project.PowerShell, "-NoProfile", "-NonInteractive", "-Command", script];
            ChildResult result = Child.Run("unshare", arguments, TimeSpan.FromMinutes(2));
            Assert.True(result.ExitCode == 0, result.Messages);
            return KindResult.Parse(result.Output);
        }
        finally
        {
            Directory.Delete(cgroup);
        }
    }
}
