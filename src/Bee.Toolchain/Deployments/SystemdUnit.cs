using System.Text;

namespace Bee.Toolchain.Deployments;

/// <summary>
/// A systemd unit that runs a tool on this machine: as its own user with the tool's capabilities, without write access to any folder, and with a system call filter (systemd.exec(5)).
/// </summary>
internal static class SystemdUnit
{
    private const string Tracefs = "/sys/kernel/tracing", BpfFileSystem = "/sys/fs/bpf";

    /// <summary>Returns the unit.</summary>
    /// <param name="request">The tool.</param>
    /// <param name="command">The executable and its first arguments; the image and the arguments of <paramref name="request"/> follow.</param>
    /// <param name="store">The folder of the image store.</param>
    public static string Write(DeploymentRequest request, IReadOnlyList<string> command, string store)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(command);
        bool asRoot = request.Folders.Contains(BpfFileSystem);
        bool readsSymbols = request.Capabilities.Contains("CAP_SYSLOG");
        bool isLocal = IsLoopback(request.MetricListen);
        bool isNetwork = request.Capabilities.Any(name => name is "CAP_NET_ADMIN" or "CAP_NET_RAW");
        // tracefs belongs to root and excludes other users.
        string capabilities = string.Join(' ', !asRoot && request.Folders.Contains(Tracefs) ? [.. request.Capabilities, "CAP_DAC_READ_SEARCH"] : request.Capabilities);
        var unit = new StringBuilder();
        Section("Unit", [
            ("Description", $"{request.Name}{(request.Description is { } text ? ": " + text.ReplaceLineEndings(" ") : "")}"),
            ("ConditionPathExists", "/sys/kernel/btf/vmlinux"),
        ]);
        unit.Append('\n');
        Section("Service", [
            ("Type", "exec"),
            ("ExecStart", string.Join(' ', command.Append(request.Image).Append("--metric-listen").Append(request.MetricListen).Concat(request.Arguments).Select(Word))),
            ("Environment", $"BEE_STORE={Word(store)} XDG_CACHE_HOME=%t/{request.Name} XDG_CONFIG_HOME=%t/{request.Name} XDG_DATA_HOME=%t/{request.Name} PSModuleAnalysisCachePath=/dev/null POWERSHELL_UPDATECHECK=Off POWERSHELL_TELEMETRY_OPTOUT=1 DOTNET_EnableDiagnostics=0"),
            // systemd reads the file as root, before it switches to the tool's user, and does not start the tool without it.
            .. isLocal ? [] : new[] { ("EnvironmentFile", TokenFile(request.Name)) },
            ("RuntimeDirectory", request.Name),
            ("Restart", "on-failure"),
            ("RestartSec", "5"),
            // A restart cannot fix these: usage, image, trust, rights, target, kernel. A tool that exceeded its cost limit stays detached.
            ("RestartPreventExitStatus", "2 3 4 5 6 7 11"),
            ("TimeoutStopSec", "5"),
            ("", ""),
            .. asRoot ? [] : new[] { ("DynamicUser", "yes"), ("AmbientCapabilities", capabilities) },
            ("CapabilityBoundingSet", capabilities),
            ("NoNewPrivileges", "yes"),
            ("ProtectSystem", "strict"),
            .. asRoot ? [("ReadWritePaths", BpfFileSystem)] : Array.Empty<(string, string)>(),
            // The command's executables may also be in a home directory.
            ("ProtectHome", command.Append(store).Any(IsInHome) ? "read-only" : "yes"),
            ("PrivateTmp", command.Append(store).Any(IsTemporary) ? "no" : "yes"),
            ("PrivateDevices", "yes"),
            // Both settings hide the kernel's symbols.
            ("ProtectKernelTunables", readsSymbols ? "no" : "yes"),
            ("ProtectKernelLogs", readsSymbols ? "no" : "yes"),
            ("ProtectKernelModules", "yes"),
            ("ProtectControlGroups", "yes"),
            ("ProtectClock", "yes"),
            ("ProtectHostname", "yes"),
            ("LockPersonality", "yes"),
            ("RestrictNamespaces", "yes"),
            ("RestrictRealtime", "yes"),
            ("RestrictSUIDSGID", "yes"),
            ("RemoveIPC", "yes"),
            ("KeyringMode", "private"),
            ("UMask", "0077"),
            ("RestrictAddressFamilies", isNetwork ? "AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET" : "AF_UNIX AF_INET AF_INET6"),
            .. isLocal ? new[] { ("IPAddressDeny", "any"), ("IPAddressAllow", "localhost") } : [],
            ("SystemCallArchitectures", "native"),
            ("SystemCallFilter", "@system-service bpf perf_event_open"),
            ("SystemCallErrorNumber", "EPERM"),
            ("LimitMEMLOCK", "infinity"),
            ("MemoryMax", "512M"),
            ("TasksMax", "64"),
        ]);
        unit.Append('\n');
        Section("Install", [("WantedBy", "multi-user.target")]);
        return unit.ToString();

        void Section(string name, IEnumerable<(string Key, string Value)> settings)
        {
            unit.Append($"[{name}]\n");
            foreach ((string key, string value) in settings)
            {
                unit.Append(key.Length == 0 ? "\n" : $"{key}={value}\n");
            }
        }
    }

    /// <summary>Returns whether only this machine can reach an address for metrics.</summary>
    /// <param name="listen">The address and the port.</param>
    public static bool IsLoopback(string listen)
    {
        ArgumentNullException.ThrowIfNull(listen);
        return listen.StartsWith("127.", StringComparison.Ordinal) || listen.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) || listen.StartsWith("[::1]:", StringComparison.Ordinal);
    }

    /// <summary>Returns the file with the token of a unit that listens beyond loopback, as <c>BEE_METRIC_TOKEN=…</c>.</summary>
    /// <param name="name">The name of the unit.</param>
    public static string TokenFile(string name) => $"/etc/bee/{name}.env";

    // PrivateTmp=yes replaces these folders by empty ones.
    private static bool IsTemporary(string path) => path.StartsWith("/tmp/", StringComparison.Ordinal) || path.StartsWith("/var/tmp/", StringComparison.Ordinal);

    // The folders that ProtectHome=yes hides, except /run/user.
    private static bool IsInHome(string path) => path.StartsWith("/root/", StringComparison.Ordinal) || path.StartsWith("/home/", StringComparison.Ordinal);

    // systemd expands percent signs and dollars, and splits words at spaces (systemd.syntax(7)).
    private static string Word(string text)
    {
        string escaped = text.Replace("%", "%%", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal);
        return escaped.Length > 0 && escaped.All(c => char.IsAsciiLetterOrDigit(c) || "_-./:=@%$+,".Contains(c, StringComparison.Ordinal))
            ? escaped
            : $"\"{escaped.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";
    }
}
