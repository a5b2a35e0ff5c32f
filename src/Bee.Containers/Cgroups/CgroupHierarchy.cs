using System.Text;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Containers.Cgroups;

/// <summary>A cgroup that exists.</summary>
/// <param name="Key">The key (<see cref="CgroupHierarchy.KeyOf"/>).</param>
/// <param name="Path">The path below the root of the hierarchy, beginning with a slash.</param>
/// <param name="Creator">The user who can have created it: the owner of its parent folder, or the process that created it.</param>
internal readonly record struct Cgroup(ulong Key, string Path, uint Creator);

/// <summary>A mounted hierarchy of cgroups: the unified one (v2), or that of a controller (v1).</summary>
/// <remarks>
/// The id of a cgroup is its node's id in kernfs, which <c>bpf_get_current_cgroup_id()</c> returns and file handles contain (fs/kernfs/mount.c). The kernel never reuses the id of a hierarchy,
/// but two hierarchies have the same ids. A key therefore has the number of the hierarchy in its highest 16 bits. It is 0 for v2, so the key of a v2 cgroup is its id.
/// </remarks>
internal sealed unsafe class CgroupHierarchy : IDisposable
{
    private const int NumberShift = 48, KernfsHandle = 0xfe, HandleSize = 8 + sizeof(ulong), MostHandle = 8 + 128;

    private readonly SafeFileHandle _mount;
    private readonly string _root, _host;

    private CgroupHierarchy(int number, string folder, string root, string host, SafeFileHandle mount) => (Number, Folder, _root, _host, _mount) = (number, host + folder, root, host, mount);

    /// <summary>The number, as <c>/proc/PID/cgroup</c> shows it: 0 for v2.</summary>
    public int Number { get; }

    /// <summary>The mount point, as this process reaches it.</summary>
    public string Folder { get; }

    /// <summary>Opens a hierarchy.</summary>
    /// <param name="number">The number.</param>
    /// <param name="folder">The mount point.</param>
    /// <param name="root">The path of the mounted part in the hierarchy: <c>/</c> for all of it.</param>
    /// <param name="host">The folder that is the root of the mount's namespace: empty for this process's own.</param>
    /// <returns>The hierarchy; null if it cannot be opened.</returns>
    public static CgroupHierarchy? Open(int number, string folder, string root, string host)
    {
        var fd = Libc.open(host + folder, Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0);
        return fd < 0 ? null : new CgroupHierarchy(number, folder.TrimEnd('/'), root.TrimEnd('/'), host, new SafeFileHandle(fd, ownsHandle: true));
    }

    /// <summary>Returns the key of a cgroup.</summary>
    /// <param name="number">The number of the hierarchy.</param>
    /// <param name="id">The cgroup's id.</param>
    public static ulong KeyOf(int number, ulong id) => (ulong)(uint)number << NumberShift | id;

    /// <summary>Returns the number of a key's hierarchy.</summary>
    public static int NumberOf(ulong key) => (int)(key >> NumberShift);

    /// <summary>Returns the folder of a cgroup.</summary>
    /// <param name="path">The path below the root of the hierarchy.</param>
    /// <returns>The folder; null if the mount does not show this part of the hierarchy.</returns>
    public string? FolderOf(string path) => path.StartsWith(_root, StringComparison.Ordinal) && (path.Length == _root.Length || path[_root.Length] == '/') && !path.StartsWith("/..", StringComparison.Ordinal) ? Folder + path[_root.Length..] : null;

    /// <summary>Reads the key of the cgroup that a folder is.</summary>
    /// <param name="folder">The folder, absolute.</param>
    /// <returns>The key; null if the folder does not exist.</returns>
    public ulong? KeyOfFolder(string folder)
    {
        var handle = stackalloc byte[MostHandle];
        *(uint*)handle = MostHandle - 8;
        int mount;
        if (Libc.name_to_handle_at(Libc.AT_FDCWD, folder, handle, &mount, 0) == 0 && *(uint*)handle == sizeof(ulong))
        {
            return KeyOf(Number, *(ulong*)(handle + 8));
        }

        // Seccomp profiles of containers reject the call. On 64-bit kernels the inode number is the id.
        FileStatus status;
        return Libc.statx(Libc.AT_FDCWD, folder, 0, Libc.STATX_BASIC_STATS, &status) == 0 ? KeyOf(Number, status.Inode) : null;
    }

    /// <summary>Finds a cgroup by its key.</summary>
    /// <param name="key">The key, of this hierarchy.</param>
    /// <returns>The cgroup; null if it does not exist any more, or if the process lacks CAP_DAC_READ_SEARCH.</returns>
    public Cgroup? Find(ulong key)
    {
        var handle = stackalloc byte[HandleSize];
        *(uint*)handle = sizeof(ulong);
        *(int*)(handle + 4) = KernfsHandle;
        *(ulong*)(handle + 8) = key & (1ul << NumberShift) - 1;
        try
        {
            var fd = Libc.open_by_handle_at(_mount, handle, Libc.O_PATH | Libc.O_CLOEXEC);
            if (fd < 0)
            {
                return null;
            }

            using var folder = new SafeFileHandle(fd, ownsHandle: true);
            // The link shows the path in the mount's own namespace.
            var path = _host + ReadLink($"/proc/self/fd/{fd}");
            return path.StartsWith(Folder, StringComparison.Ordinal) ? At(path, key) : null;
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Lists the cgroups, parents before children.</summary>
    /// <param name="start">The folder to begin with; null for the root.</param>
    public IEnumerable<Cgroup> Walk(string? start = null)
    {
        var pending = new Queue<string>([start ?? Folder]);
        while (pending.TryDequeue(out var folder))
        {
            if (KeyOfFolder(folder) is not { } key)
            {
                continue;
            }

            yield return At(folder, key);
            string[] children;
            try
            {
                children = Directory.GetDirectories(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The cgroup was removed meanwhile.
                continue;
            }

            Array.ForEach(children, pending.Enqueue);
        }
    }

    /// <summary>Describes the cgroup that a folder is.</summary>
    /// <param name="folder">The folder, absolute.</param>
    /// <param name="key">Its key.</param>
    public Cgroup At(string folder, ulong key)
    {
        FileStatus status;
        var owner = folder.Length <= Folder.Length ? 0 : Libc.statx(Libc.AT_FDCWD, folder[..folder.LastIndexOf('/')], 0, Libc.STATX_BASIC_STATS, &status) == 0 ? status.User : ContainerPath.UnknownUser;
        var path = _root + folder[Folder.Length..];
        return new Cgroup(key, path.Length == 0 ? "/" : path, owner);
    }

    /// <inheritdoc/>
    public void Dispose() => _mount.Dispose();

    private static string? ReadLink(string path)
    {
        const int MostPath = 4096;
        var buffer = stackalloc byte[MostPath];
        var length = Libc.readlinkat(Libc.AT_FDCWD, path, buffer, MostPath);
        return length is > 0 and < MostPath ? Encoding.UTF8.GetString(buffer, (int)length) : null;
    }
}
