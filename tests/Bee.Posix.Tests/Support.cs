using System.Runtime.InteropServices;

namespace Bee.Posix.Tests;

/// <summary>A test that changes the owner of files, which requires root.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Skip = "needs root, to give files to another user";
        }
    }
}

/// <summary>A test that makes a trace instance of its own.</summary>
public sealed class InstanceFactAttribute : FactAttribute
{
    public const string Instances = "/sys/kernel/tracing/instances";

    public InstanceFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess || !Directory.Exists(Instances))
        {
            Skip = "needs root and tracefs, to make a trace instance";
        }
    }
}

/// <summary>A folder that the test deletes.</summary>
internal sealed partial class TestFolder : IDisposable
{
    public const uint Bob = 54321;

    public string Path { get; } = Directory.CreateTempSubdirectory("bee-posix-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public string In(string name) => System.IO.Path.Combine(Path, name);

    public string File(string name, string content = "content")
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(In(name))!);
        System.IO.File.WriteAllText(In(name), content);
        return In(name);
    }

    public string Pipe(string name)
    {
        Assert.Equal(0, MakeFifo(In(name), 0x180));
        return In(name);
    }

    public void Give(string name, uint user) => Assert.Equal(0, ChangeOwner(In(name), user, user));

    public void Mode(string name, string octal) => System.IO.File.SetUnixFileMode(In(name), (UnixFileMode)Convert.ToInt32(octal, 8));

    /// <summary>Sets an access control list that lets Bob write (linux/posix_acl_xattr.h).</summary>
    public void LetBobWrite(string name)
    {
        const uint None = uint.MaxValue;
        (ushort Tag, ushort Permissions, uint Id)[] entries = [(1, 6, None), (2, 6, Bob), (4, 4, None), (0x10, 6, None), (0x20, 0, None)];
        using var list = new MemoryStream();
        using var writer = new BinaryWriter(list);
        writer.Write(2);
        foreach ((ushort tag, ushort permissions, uint id) in entries)
        {
            writer.Write(tag);
            writer.Write(permissions);
            writer.Write(id);
        }

        Assert.Equal(0, SetAttribute(In(name), "system.posix_acl_access", list.ToArray(), (nuint)list.Length, 0));
    }

    [LibraryImport("libc", EntryPoint = "setxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetAttribute(string path, string name, byte[] value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);
}
