using System.Runtime.InteropServices;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Makes the system calls that the fixtures trace.</summary>
internal static partial class Calls
{
    [LibraryImport("libc", EntryPoint = "getpgid")]
    public static partial int GetProcessGroup(int pid);

    [LibraryImport("libc", EntryPoint = "dup")]
    public static partial int Duplicate(int fd);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "capget", SetLastError = true)]
    private static unsafe partial int GetCapabilities(uint* header, uint* data);

    [LibraryImport("libc", EntryPoint = "capset", SetLastError = true)]
    private static unsafe partial int SetCapabilities(uint* header, uint* data);

    /// <summary>Drops a capability of the calling thread.</summary>
    public static unsafe void DropCapability(int capability)
    {
        // _LINUX_CAPABILITY_VERSION_3 and this thread; effective, permitted and inheritable, lower and upper half.
        uint* header = stackalloc uint[] { 0x20080522, 0 };
        uint* data = stackalloc uint[6];
        Assert.Equal(0, GetCapabilities(header, data));
        data[capability / 32 * 3] &= ~(1u << (capability % 32));
        Assert.Equal(0, SetCapabilities(header, data));
    }

    /// <summary>Returns session options that restrict a fixture to this process.</summary>
    public static BpfSessionOptions Own(ObjectFile file, params (string Name, object Value)[] more)
    {
        var parameters = more.ToDictionary(m => m.Name, m => (object?)m.Value);
        parameters["target_pid"] = Environment.ProcessId;
        return new BpfSessionOptions { Parameters = parameters };
    }

    /// <summary>Loads a fixture that sees only this process.</summary>
    public static BpfSession Load(ObjectFile file, params (string Name, object Value)[] more) => BpfSession.Load(file, Own(file, more));
}
