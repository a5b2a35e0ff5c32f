using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bee.Containers.Tests;

/// <summary>A folder in which all calls hang, as on NFS without its server: a FUSE file system that does not answer. Disposing lets the calls fail, and removes it.</summary>
internal sealed partial class HangingFolder : IDisposable
{
    private const int MNT_DETACH = 2;

    private readonly SafeFileHandle _device = File.OpenHandle("/dev/fuse", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

    public HangingFolder(string path)
    {
        Path = Directory.CreateDirectory(path).FullName;
        Assert.Equal(0, mount("bee-test", path, "fuse", 0, $"fd={_device.DangerousGetHandle()},rootmode=40755,user_id=0,group_id=0"));
    }

    public string Path { get; }

    public void Dispose()
    {
        _device.Dispose();
        Assert.Equal(0, umount2(Path, MNT_DETACH));
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}

/// <summary>A test that needs root and FUSE.</summary>
public sealed class FuseFactAttribute : FactAttribute
{
    public FuseFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists("/dev/fuse"))
        {
            Skip = "needs root and /dev/fuse";
        }
    }
}
