using System.Runtime.InteropServices;

namespace Bee.Oci.Tests;

/// <summary>Marks a test that changes the owners of files. Skips it without root.</summary>
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

/// <summary>Changes the owners of files.</summary>
internal static partial class Ownership
{
    /// <summary>Changes the owner of a file, or of a directory with its content, to a user and the group with the same id.</summary>
    public static void Give(string path, uint user, bool below = true)
    {
        IEnumerable<string> inside = below && Directory.Exists(path)
            ? Directory.EnumerateFileSystemEntries(path, "*", SearchOption.AllDirectories)
            : [];
        foreach (string each in inside.Append(path))
        {
            Assert.Equal(0, ChangeOwner(each, user, user));
        }
    }

    public static void MakePipe(string path) => Assert.Equal(0, MakeFifo(path, 0x180));

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);
}
