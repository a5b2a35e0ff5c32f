using System.Globalization;
using System.Text;

namespace Bee.VirtualMachine.Machine;

/// <summary>
/// Writes a cpio archive in the "newc" form that the kernel unpacks at boot (Documentation/driver-api/early-userspace/buffer-format.rst). All
/// timestamps are 0 and inode numbers are sequential, so the same files yield the same bytes.
/// </summary>
internal sealed class NewcArchive(Stream to) : IDisposable
{
    private const uint Folder = 0x4000 | 0x1ED;
    private const uint Executable = 0x8000 | 0x1ED;
    private const uint Link = 0xA000 | 0x1FF;

    private readonly HashSet<string> _folders = [];
    private uint _number = 1;

    /// <summary>Adds a file of this machine under a path in the guest, with its parent folders.</summary>
    public void AddFile(string path, string file)
    {
        using FileStream from = File.OpenRead(file);
        Add(path, Executable, from);
    }

    /// <summary>Adds a file with a text.</summary>
    public void AddText(string path, string text)
    {
        using var from = new MemoryStream(Encoding.UTF8.GetBytes(text));
        Add(path, Executable, from);
    }

    /// <summary>Adds all files under a folder of this machine.</summary>
    public void AddFolder(string path, string folder, Func<string, bool>? take = null)
    {
        foreach (string file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (take is null || take(file))
            {
                AddFile($"{path}/{Path.GetRelativePath(folder, file)}", file);
            }
        }
    }

    /// <summary>Adds an empty folder.</summary>
    public void AddFolder(string path)
    {
        if (!_folders.Add(path))
        {
            return;
        }

        AddParent(path);
        using var none = new MemoryStream();
        Put(path, Folder, none);
    }

    /// <summary>Adds a symbolic link.</summary>
    public void AddLink(string path, string target)
    {
        using var from = new MemoryStream(Encoding.UTF8.GetBytes(target));
        Add(path, Link, from);
    }

    /// <summary>Writes the end.</summary>
    public void Dispose()
    {
        using var none = new MemoryStream();
        Put("TRAILER!!!", 0, none);
    }

    private void Add(string path, uint mode, Stream content)
    {
        AddParent(path);
        Put(path, mode, content);
    }

    private void AddParent(string path)
    {
        int slash = path.LastIndexOf('/');
        if (slash > 0)
        {
            AddFolder(path[..slash]);
        }
    }

    private void Put(string path, uint mode, Stream content)
    {
        byte[] name = Encoding.UTF8.GetBytes(path + "\0");
        var header = new StringBuilder("070701");
        foreach (uint field in new[] { _number++, mode, 0u, 0u, 1u, 0u, (uint)content.Length, 0u, 0u, 0u, 0u, (uint)name.Length, 0u })
        {
            header.Append(field.ToString("X8", CultureInfo.InvariantCulture));
        }

        to.Write(Encoding.ASCII.GetBytes(header.ToString()));
        to.Write(name);
        Pad(110 + name.Length);
        content.CopyTo(to);
        Pad(content.Length);
    }

    private void Pad(long written) => to.Write(new byte[(int)(-written & 3)]);
}
