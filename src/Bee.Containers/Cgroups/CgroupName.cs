using System.Buffers;
using System.Globalization;
using System.Text;

namespace Bee.Containers.Cgroups;

/// <summary>Reads the name of one cgroup by the naming schemes of the runtimes.</summary>
/// <remarks>
/// A runtime with the cgroupfs driver names a cgroup <c>ID</c> or <c>PREFIX-ID</c>; with the systemd driver it is <c>PREFIX-ID.scope</c>, from the setting <c>SLICE:PREFIX:ID</c>. If such a setting
/// reaches a runtime with the cgroupfs driver, the whole text becomes the name. Other systemd units end with another suffix, so a bare id is never a unit.
/// </remarks>
internal static class CgroupName
{
    /// <summary>The runtime of systemd's machines.</summary>
    public const string Machine = "machine";

    /// <summary>The runtime of containers that containerd's own clients start.</summary>
    public const string Containerd = "containerd";

    private const string Scope = ".scope", MachineSlice = "machine.slice", LibpodParent = "libpod_parent";
    private const int IdLength = 64;

    // The longest name of a file. A cgroup cannot have a longer one.
    private const int LongestName = 255;

    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789abcdef");

    // Ids of these runtimes are always 64 hex digits.
    private static readonly (string Prefix, string Runtime)[] s_prefixes =
    [
        ("docker-", "docker"), ("cri-containerd-", "cri-containerd"), ("crio-", "crio"), ("libpod-payload-", "libpod"), ("libpod-", "libpod"), ("nerdctl-", Containerd), ("containerd-", Containerd),
    ];

    /// <summary>Reports whether a cgroup has the monitor process of a container (conmon, or LXC's), which belongs to the host.</summary>
    /// <param name="name">The name of the cgroup.</param>
    public static bool IsMonitor(ReadOnlySpan<char> name) => name.StartsWith("crio-conmon-") || name.StartsWith("libpod-conmon-") || name.StartsWith("lxc.monitor");

    /// <summary>Returns the runtime whose containers are below a cgroup of this name; null if the name does not tell.</summary>
    /// <param name="name">The name of the cgroup.</param>
    public static string? Home(ReadOnlySpan<char> name) => name switch
    {
        "docker" => "docker",
        "libpod" or LibpodParent => "libpod",
        "k8s.io" => "cri-containerd",
        _ => null,
    };

    /// <summary>Reads a name.</summary>
    /// <param name="name">The name of the cgroup.</param>
    /// <param name="above">The name of the cgroup above; empty at the root.</param>
    /// <param name="depth">The number of cgroups above.</param>
    /// <returns>The id and the runtime (empty if the name does not say); null if the name is not that of a container.</returns>
    public static (string Id, string Runtime)? Read(ReadOnlySpan<char> name, ReadOnlySpan<char> above, int depth)
    {
        if (name.Length > LongestName)
        {
            return null;
        }

        // A pod of Podman is a bare id too; its containers have a prefix.
        if (IsId(name))
        {
            return above is LibpodParent ? null : (name.ToString(), "");
        }

        return name.Contains(':') ? Triple(name)
            : Prefixed(name) ?? RuncScope(name) ?? MachineOf(name, above) ?? Lxc(name, above) ?? Client(name, above, depth);
    }

    private static (string Id, string Runtime)? Prefixed(ReadOnlySpan<char> name)
    {
        ReadOnlySpan<char> stem = name.EndsWith(Scope) ? name[..^Scope.Length] : name;
        foreach ((string prefix, string runtime) in s_prefixes)
        {
            if (stem.StartsWith(prefix) && IsId(stem[prefix.Length..]))
            {
                return (stem[prefix.Length..].ToString(), runtime);
            }
        }

        return null;
    }

    // SLICE:PREFIX:ID.
    private static (string Id, string Runtime)? Triple(ReadOnlySpan<char> name)
    {
        int first = name.IndexOf(':'), last = name.LastIndexOf(':');
        ReadOnlySpan<char> id = name[(last + 1)..], prefix = first == last ? default : name[(first + 1)..last];
        return prefix.IsEmpty || !IsId(id) ? null : (id.ToString(), Known(prefix));

        static string Known(ReadOnlySpan<char> prefix)
        {
            foreach ((string known, string runtime) in s_prefixes)
            {
                if (known.AsSpan(0, known.Length - 1).SequenceEqual(prefix))
                {
                    return runtime;
                }
            }

            return "";
        }
    }

    // The name that runc and crun choose with the systemd driver if their caller does not say one.
    private static (string Id, string Runtime)? RuncScope(ReadOnlySpan<char> name)
    {
        int prefix = name.StartsWith("runc-") || name.StartsWith("crun-") ? 5 : 0;
        return prefix > 0 && name.EndsWith(Scope) && name.Length > prefix + Scope.Length ? (name[prefix..^Scope.Length].ToString(), "runc") : null;
    }

    // systemd-nspawn@NAME.service, or machine-NAME.scope with an escaped name. libvirt's virtual machines have such a scope too.
    private static (string Id, string Runtime)? MachineOf(ReadOnlySpan<char> name, ReadOnlySpan<char> above)
    {
        const string Nspawn = "systemd-nspawn@", Service = ".service", Prefix = "machine-", Qemu = @"machine-qemu\x2d";
        ReadOnlySpan<char> escaped = name.StartsWith(Nspawn) && name.EndsWith(Service) ? name[Nspawn.Length..^Service.Length]
            : above is MachineSlice && name.StartsWith(Prefix) && name.EndsWith(Scope) && !name.StartsWith(Qemu) ? name[Prefix.Length..^Scope.Length]
            : default;
        return escaped.IsEmpty ? null : (Unescape(escaped), Machine);
    }

    private static (string Id, string Runtime)? Lxc(ReadOnlySpan<char> name, ReadOnlySpan<char> above)
    {
        const string Payload = "lxc.payload.";
        return name.StartsWith(Payload) && name.Length > Payload.Length ? (name[Payload.Length..].ToString(), "lxc")
            : above is "lxc" or "lxc.payload" ? (name.ToString(), "lxc")
            : null;
    }

    // containerd's own clients use /NAMESPACE/ID. Only this namespace is certain.
    private static (string Id, string Runtime)? Client(ReadOnlySpan<char> name, ReadOnlySpan<char> above, int depth) =>
        depth == 1 && above is "default" ? (name.ToString(), Containerd) : null;

    private static bool IsId(ReadOnlySpan<char> text) => text.Length == IdLength && text.IndexOfAnyExcept(s_digits) < 0;

    // systemd writes other characters than letters, digits, '_', ':' and '.' as \xHH of their UTF-8 bytes, and '/' as '-'. Names of machines are host names: ASCII without '/'.
    private static string Unescape(ReadOnlySpan<char> text)
    {
        const string Mark = @"\x";
        if (!text.Contains('\\'))
        {
            return text.ToString();
        }

        var name = new StringBuilder(text.Length);
        while (!text.IsEmpty)
        {
            byte code = 0;
            bool isCode = text.Length >= 4 && text.StartsWith(Mark) && byte.TryParse(text.Slice(2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out code) && code < 0x80;
            name.Append(isCode ? (char)code : text[0]);
            text = text[(isCode ? 4 : 1)..];
        }

        return name.ToString();
    }
}
