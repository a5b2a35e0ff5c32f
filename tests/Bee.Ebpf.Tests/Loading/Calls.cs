using System.Runtime.InteropServices;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Makes the system calls that fixtures look for.</summary>
internal static partial class Calls
{
    [LibraryImport("libc", EntryPoint = "getpgid")]
    public static partial int GetProcessGroup(int pid);

    [LibraryImport("libc", EntryPoint = "dup")]
    public static partial int Duplicate(int fd);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int fd);

    /// <summary>Sessions options that make a fixture see this process alone.</summary>
    public static BpfSessionOptions Own(ObjectFile file, params (string Name, object Value)[] more)
    {
        var parameters = more.ToDictionary(m => m.Name, m => (object?)m.Value);
        parameters["target_pid"] = Environment.ProcessId;
        return new BpfSessionOptions { Parameters = file.BindParameters(parameters) };
    }

    /// <summary>Loads a fixture so that it sees this process alone.</summary>
    public static BpfSession Load(ObjectFile file, params (string Name, object Value)[] more) => BpfSession.Load(file, Own(file, more));
}
