using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Bee.Containers.Tests;

/// <summary>A folder for temporary files, in which a test writes what a runtime would.</summary>
internal sealed partial class TemporaryState : IDisposable
{
    /// <summary>A user id that no account has.</summary>
    public const uint Bob = 54321;

    /// <summary>The path.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("bee-containers-").FullName;

    /// <summary>Reads a recorded file.</summary>
    public static string Recorded(string name) => File.ReadAllText(System.IO.Path.Combine(AppContext.BaseDirectory, "Recorded", name));

    /// <summary>Returns the path of a name.</summary>
    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file, and the folders on its path.</summary>
    public string Write(string name, string content)
    {
        string file = In(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return file;
    }

    /// <summary>Gives the folder, with everything in it, to a user.</summary>
    public void Give(uint user)
    {
        foreach (string name in Directory.GetFileSystemEntries(Path, "*", SearchOption.AllDirectories).Append(Path))
        {
            Give(name, user);
        }
    }

    /// <summary>Gives a file to a user.</summary>
    public static void Give(string name, uint user) => Assert.Equal(0, lchown(name, user, user));

    /// <summary>Makes a named pipe.</summary>
    public void MakePipe(string name)
    {
        using var process = Process.Start("mkfifo", [In(name)]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint user, uint group);
}

/// <summary>A test that needs root, to give files to other users or to start containers.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Skip = "needs root";
        }
    }
}
