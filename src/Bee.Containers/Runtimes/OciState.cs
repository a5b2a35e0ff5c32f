using System.Globalization;
using System.Text;
using System.Text.Json;
using Bee.Posix;

namespace Bee.Containers.Runtimes;

/// <summary>What runc or crun keeps about a container that exists.</summary>
/// <param name="Id">The id.</param>
/// <param name="ProcessId">The first process on the host; 0 if it has ended.</param>
/// <param name="CgroupPath">The cgroup below the root of the hierarchy; null if it is unknown.</param>
/// <param name="Bundle">The folder with the runtime specification; null if it is unknown.</param>
internal sealed record OciState(string Id, int ProcessId, string? CgroupPath, string? Bundle)
{
    private const string CgroupMount = "/sys/fs/cgroup/", BundleLabel = "bundle=";

    /// <summary>Reads the state of a container: <c>ID/state.json</c> of runc, or <c>ID/status</c> of crun.</summary>
    /// <param name="folder">The folder of the runtime, such as <c>/run/runc</c>.</param>
    /// <param name="id">The id.</param>
    /// <returns>The state; null if the runtime does not know the container.</returns>
    public static OciState? Read(RuntimeFolder folder, string id)
    {
        if (!RuntimeFolder.IsName(id))
        {
            return null;
        }

        using (JsonDocument? runc = folder.ReadJson($"{id}/state.json"))
        {
            if (runc?.RootElement is { ValueKind: JsonValueKind.Object } state)
            {
                return new OciState(id, Living(state.Number("init_process_pid"), state.Text("init_process_start") ?? Digits(state, "init_process_start")), RuncCgroup(state), RuncBundle(state));
            }
        }

        using JsonDocument? crun = folder.ReadJson($"{id}/status");
        return crun?.RootElement is { ValueKind: JsonValueKind.Object } status
            ? new OciState(id, Living(status.Number("pid"), Digits(status, "process-start-time")), Absolute(status.Text("cgroup-path")), status.Text("bundle"))
            : null;
    }

    /// <summary>Returns a process id if that process still runs: the kernel reuses ids.</summary>
    /// <param name="process">The process id.</param>
    /// <param name="start">The start of the process in clock ticks since boot; null if it is unknown.</param>
    private static int Living(int process, string? start)
    {
        if (process == 0)
        {
            return 0;
        }

        try
        {
            // The name of the program, in parentheses, may contain anything. The start is the 20th field after it.
            string status = Encoding.ASCII.GetString(RegularFile.ReadAllBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"), 4096));
            string[] fields = status[(status.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length > 19 && fields[0] is not ("Z" or "X") && (start is null or "0" || fields[19] == start) ? process : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PosixException)
        {
            return 0;
        }
    }

    private static string? Digits(JsonElement value, string name) => value.Member(name) is { ValueKind: JsonValueKind.Number } number ? number.GetRawText() : null;

    private static string? Absolute(string? path) => path is ['/', ..] ? path : null;

    // By controller; "" is cgroup v2.
    private static string? RuncCgroup(JsonElement state)
    {
        if (state.Member("cgroup_paths") is not { ValueKind: JsonValueKind.Object } paths)
        {
            return null;
        }

        foreach ((string controller, string mount) in new[] { ("", "unified/"), ("name=systemd", "systemd/"), ("pids", "pids/"), ("memory", "memory/") })
        {
            if (paths.Text(controller) is { } path && path.StartsWith(CgroupMount, StringComparison.Ordinal))
            {
                string below = path[CgroupMount.Length..];
                return "/" + (below.StartsWith(mount, StringComparison.Ordinal) ? below[mount.Length..] : below);
            }
        }

        return null;
    }

    // The runtime appends its own label last, so an annotation of the same name comes before it.
    private static string? RuncBundle(JsonElement state) =>
        state.Member("config")?.Items("labels").Select(label => label.Text()).LastOrDefault(label => label?.StartsWith(BundleLabel, StringComparison.Ordinal) == true)?[BundleLabel.Length..];
}
