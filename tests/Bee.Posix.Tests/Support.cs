using System.Runtime.InteropServices;

namespace Bee.Posix.Tests;

/// <summary>A test that gives files to other users.</summary>
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

/// <summary>A folder that goes with the test.</summary>
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

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);
}
