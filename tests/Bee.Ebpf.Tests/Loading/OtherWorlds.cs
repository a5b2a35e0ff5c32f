using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Runs code with other capabilities, users or mounts, on a thread of its own because Linux keeps these per thread.</summary>
internal static unsafe partial class OtherWorlds
{
    private const uint CapabilityVersion3 = 0x20080522;
    private const int NewMountNamespace = 0x20000, Recursive = 0x4000, Bind = 0x1000, Private = 1 << 18, Lazy = 2;

    public static T WithoutCapabilities<T>(Func<T> code) => WithCapabilities(0, code);

    public static T WithCapabilities<T>(ulong capabilities, Func<T> code) => OnThread(code, () =>
    {
        // Effective, permitted and inheritable sets, the low 32 bits of each first.
        var (low, high) = ((uint)capabilities, (uint)(capabilities >> 32));
        var header = stackalloc uint[2] { CapabilityVersion3, 0 };
        var sets = stackalloc uint[6] { low, low, 0, high, high, 0 };
        Check(SetCapabilities(header, sets));
    });

    /// <summary>Runs code as the user nobody for file access, without root's capabilities.</summary>
    public static T WithFilesOfNobody<T>(Func<T> code) => OnThread(code, () => _ = SetFileUser(65534));

    public static T WithoutKernelBtf<T>(Func<T> code) => OnThread(code, () =>
    {
        OwnMounts();
        Check(Mount("/dev/null", BtfSpec.KernelPath, null, Bind, 0));
    });

    public static T WithoutTracefs<T>(Func<T> code) => OnThread(code, () =>
    {
        OwnMounts();
        foreach (var mounted in (string[])["/sys/kernel/debug/tracing", "/sys/kernel/tracing", "/sys/kernel/debug"])
        {
            // Some may not exist, and one may be mounted over another.
            while (Unmount(mounted, Lazy) == 0)
            {
            }
        }
    });

    // Later mounts are visible only to this thread.
    private static void OwnMounts()
    {
        Check(Unshare(NewMountNamespace));
        Check(Mount("none", "/", null, Recursive | Private, 0));
    }

    private static T OnThread<T>(Func<T> code, Action enter)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                enter();
                result = code();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result : throw new InvalidOperationException("The code on the other thread failed.", failure);
    }

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException(Marshal.GetLastPInvokeErrorMessage());
        }
    }

    [LibraryImport("libc", EntryPoint = "capset", SetLastError = true)]
    private static partial int SetCapabilities(void* header, void* data);

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileUser(uint user);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string? type, nuint flags, nint data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);
}
