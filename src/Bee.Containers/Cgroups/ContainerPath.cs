using System.Globalization;

namespace Bee.Containers.Cgroups;

/// <summary>The container that a cgroup path names.</summary>
/// <param name="Id">The full id.</param>
/// <param name="Runtime">The runtime whose naming scheme the path follows, such as <c>docker</c>, <c>cri-containerd</c>, <c>crio</c>, <c>libpod</c> or <c>machine</c>; empty if the path does not say.</param>
/// <param name="UserId">The owner of the delegated part of the hierarchy that the id is in: 0, or the user of <c>user@UID.service</c>.</param>
/// <param name="Length">The length of the part of the path that ends with the container's own cgroup.</param>
/// <remarks>
/// Everything below a container's cgroup, and everything below <c>user@UID.service</c>, can be named by the container or the user. The outermost container wins for this reason, and
/// <see cref="UserId"/> limits where the id may be looked up.
/// </remarks>
internal sealed record ContainerPath(string Id, string Runtime, uint UserId, int Length)
{
    /// <summary>The user id of a <c>user@UID.service</c> whose UID is not a number: no runtime has this user.</summary>
    public const uint UnknownUser = uint.MaxValue;

    /// <summary>Finds the container of a cgroup path.</summary>
    /// <param name="path">The path below the root of the hierarchy, as in <c>/proc/PID/cgroup</c>. It may begin with <c>/..</c> (a path relative to a cgroup namespace).</param>
    /// <returns>The outermost container, since a container can name its own child cgroups as it likes; null for a cgroup of the host, and for the monitor process of a container.</returns>
    public static ContainerPath? Parse(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        ReadOnlySpan<char> rest = Living(path), above = default;
        string home = "";
        uint? user = null;
        for (int at = 0, depth = 0; at < rest.Length;)
        {
            int length = rest[at..].IndexOf('/');
            ReadOnlySpan<char> name = length < 0 ? rest[at..] : rest.Slice(at, length);
            int end = at + name.Length;
            at = end + 1;
            if (name.IsEmpty || name is "..")
            {
                continue;
            }

            if (CgroupName.IsMonitor(name))
            {
                return null;
            }

            if (CgroupName.Read(name, above, depth) is { } found)
            {
                if (found.Runtime == CgroupName.Machine && !Payload(rest, ref end))
                {
                    return null;
                }

                return new ContainerPath(found.Id, found.Runtime.Length > 0 ? found.Runtime : home, user ?? 0, end);
            }

            user ??= UserOf(name);
            home = CgroupName.Home(name) ?? home;
            above = name;
            depth++;
        }

        return null;
    }

    /// <summary>Finds the container of a process.</summary>
    /// <param name="text">The content of <c>/proc/PID/cgroup</c>: lines of the form <c>hierarchy:controllers:path</c>.</param>
    /// <returns>
    /// The container of the first hierarchy that has one, in this order: cgroup v2, systemd's own, then the controllers in the order of the file. Null for a process of the host.
    /// </returns>
    /// <remarks>On a hybrid host, the v2 line shows the unit of the runtime or <c>/</c>, while the v1 lines show the container.</remarks>
    public static ContainerPath? ParseProcess(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        (ContainerPath? unified, ContainerPath? systemd, ContainerPath? controller) = (null, null, null);
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            int first = line.IndexOf(':');
            int second = first < 0 ? -1 : line[(first + 1)..].IndexOf(':');
            if (second < 0)
            {
                continue;
            }

            ReadOnlySpan<char> controllers = line.Slice(first + 1, second);
            ContainerPath? found = Parse(line[(first + second + 2)..].ToString());
            if (controllers.IsEmpty)
            {
                unified ??= found;
            }
            else if (controllers is "name=systemd")
            {
                systemd ??= found;
            }
            else
            {
                controller ??= found;
            }
        }

        return unified ?? systemd ?? controller;
    }

    /// <summary>Removes the mark of a cgroup that was deleted while a process was in it.</summary>
    private static ReadOnlySpan<char> Living(string path)
    {
        const string Mark = " (deleted)";
        return path.EndsWith(Mark, StringComparison.Ordinal) ? path.AsSpan(0, path.Length - Mark.Length) : path;
    }

    /// <summary>Extends the end of a machine's cgroup to that of its payload. Reports false for the supervisor, which is a process of the host.</summary>
    private static bool Payload(ReadOnlySpan<char> path, ref int end)
    {
        ReadOnlySpan<char> below = path[end..];
        if (below.StartsWith("/payload") && (below.Length == 8 || below[8] == '/'))
        {
            end += 8;
        }

        return !(below.StartsWith("/supervisor") && (below.Length == 11 || below[11] == '/'));
    }

    private static uint? UserOf(ReadOnlySpan<char> name)
    {
        const string Start = "user@", End = ".service";
        return name.StartsWith(Start) && name.EndsWith(End)
            ? uint.TryParse(name[Start.Length..^End.Length], NumberStyles.None, CultureInfo.InvariantCulture, out uint user) ? user : UnknownUser
            : null;
    }
}
