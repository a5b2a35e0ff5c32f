using System.Text.Json;
using Bee.Posix;

namespace Bee.Containers.Runtimes;

/// <summary>
/// A folder in which a runtime keeps its state. A file is read only if it, and every folder on its path, belongs to root or to the owner of the runtime, and no other user can write it: a user who
/// can write the file chooses the names of containers.
/// </summary>
/// <param name="path">An absolute path. It need not exist.</param>
/// <param name="user">The owner of the runtime.</param>
internal sealed class RuntimeFolder(string path, uint user)
{
    /// <summary>The longest file of one container that is read. A runtime specification with a seccomp profile has about 35 kB.</summary>
    public const int LongestFile = 4 << 20;

    /// <summary>The longest list of all containers that is read: about 1 kB for each container.</summary>
    public const int LongestList = 64 << 20;

    /// <summary>The largest number of containers that a runtime reports.</summary>
    public const int MostContainers = 65_536;

    private readonly PathGuard _guard = new([user]);

    /// <summary>The path.</summary>
    public string Path => path;

    /// <summary>The owner of the runtime.</summary>
    public uint User => user;

    /// <summary>Reports whether a name is that of one file: not empty, not a path, and not longer than a file system allows.</summary>
    /// <param name="name">The name, for instance an id from a cgroup path.</param>
    public static bool IsName(string name) => name.Length is > 0 and <= 255 && name is not ("." or "..") && !name.Contains('/', StringComparison.Ordinal) && !name.Contains('\0', StringComparison.Ordinal);

    /// <summary>Reads a file.</summary>
    /// <param name="name">The path below the folder.</param>
    /// <param name="limit">The maximum size in bytes.</param>
    /// <returns>The content; null if the file does not exist, is not trusted, or cannot be read.</returns>
    public byte[]? Read(string name, int limit = LongestFile)
    {
        string file = System.IO.Path.Combine(path, name);
        try
        {
            using var opened = _guard.OpenFile(file);
            return opened is null ? null : RegularFile.ReadAllBytes(opened, file, limit);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PosixException)
        {
            return null;
        }
    }

    /// <summary>Reads a JSON file.</summary>
    /// <param name="name">The path below the folder.</param>
    /// <param name="limit">The maximum size in bytes.</param>
    /// <returns>The document; null if <see cref="Read"/> returns null or the file is not JSON, for instance because the runtime is writing it.</returns>
    public JsonDocument? ReadJson(string name, int limit = LongestFile) => Read(name, limit) is { } content ? Json.Parse(content) : null;

    /// <summary>Lists the names in the folder or in one below it.</summary>
    /// <param name="name">The path below the folder; empty for the folder itself.</param>
    /// <returns>At most <see cref="MostContainers"/> names; empty if the folder does not exist or is not trusted.</returns>
    public IReadOnlyList<string> Names(string name = "")
    {
        try
        {
            using var folder = Folder.Open(System.IO.Path.Combine(path, name), _guard);
            return folder is null ? [] : [.. folder.Names().Take(MostContainers)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PosixException)
        {
            return [];
        }
    }

    /// <summary>Reports whether the folder has a folder of this name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>Also false if the folder is not trusted.</returns>
    public bool Has(string name)
    {
        try
        {
            using var folder = IsName(name) ? Folder.Open(System.IO.Path.Combine(path, name), _guard) : null;
            return folder is not null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PosixException)
        {
            return false;
        }
    }

    /// <summary>Reads a file that contains a process id.</summary>
    /// <param name="name">The path below the folder.</param>
    /// <returns>The id; 0 if the file does not contain one.</returns>
    public int ReadProcessId(string name) =>
        Read(name, 64) is { } content && int.TryParse(System.Text.Encoding.ASCII.GetString(content).Trim(), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int id) ? id : 0;
}
