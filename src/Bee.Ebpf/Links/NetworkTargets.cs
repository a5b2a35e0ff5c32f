using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Lists the network interfaces and named network namespaces of this machine.</summary>
internal static unsafe partial class NetworkTargets
{
    [StructLayout(LayoutKind.Sequential)]
    private struct NameAndIndex
    {
        public uint Index;
        public nint Name;
    }

    /// <summary>Returns the names that <c>ip netns</c> lists.</summary>
    public static IReadOnlyList<string> Namespaces() =>
        Directory.Exists(NetworkNamespaceHandle.NamedFolder) ? [.. Directory.EnumerateFiles(NetworkNamespaceHandle.NamedFolder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)] : [];

    /// <summary>Returns the interfaces of a network namespace, by index.</summary>
    /// <param name="networkNamespace">The namespace as in <see cref="AttachOptions.NetworkNamespace"/>; null for that of this process.</param>
    /// <exception cref="BpfLoadException">The namespace does not exist, or this process may not enter it.</exception>
    public static IReadOnlyList<NetworkInterfaceName> Interfaces(string? networkNamespace)
    {
        if (networkNamespace is null)
        {
            return Here();
        }

        using var space = NetworkNamespaceHandle.Open(networkNamespace);
        return space.Run(Here);
    }

    /// <summary>Returns the interfaces in the namespace of the calling thread.</summary>
    internal static IReadOnlyList<NetworkInterfaceName> Here()
    {
        var list = (NameAndIndex*)Libc.if_nameindex();
        if (list is null)
        {
            return [];
        }

        try
        {
            var found = new List<NetworkInterfaceName>();
            for (var one = list; one->Index != 0; one++)
            {
                found.Add(new NetworkInterfaceName(Marshal.PtrToStringUTF8(one->Name)!, (int)one->Index));
            }

            return found;
        }
        finally
        {
            Libc.if_freenameindex((nint)list);
        }
    }
}

/// <summary>A network interface.</summary>
/// <param name="Name">Its name, such as <c>eth0</c>.</param>
/// <param name="Index">The index in its network namespace, from 1.</param>
internal readonly record struct NetworkInterfaceName(string Name, int Index);

/// <summary>An open network namespace. It stays usable even after its last process has exited.</summary>
internal sealed partial class NetworkNamespaceHandle : IDisposable
{
    public const string NamedFolder = "/run/netns";

    // ioctl NS_GET_NSTYPE and CLONE_NEWNET (include/uapi/linux/nsfs.h, sched.h).
    private const nuint AskType = 0xb703;
    private const int NewNetwork = 0x40000000;

    private readonly FdHandle _fd;

    private NetworkNamespaceHandle(string name, FdHandle fd)
    {
        Name = name;
        _fd = fd;
    }

    /// <summary>The text by which the namespace was opened.</summary>
    public string Name { get; }

    /// <summary>Calls a function with the fd, which stays open during the call.</summary>
    public T Use<T>(Func<int, T> code)
    {
        using var lease = new Lease(_fd);
        return code(_fd.Number);
    }

    /// <summary>Opens a namespace by its name, a path, or the id of a process.</summary>
    /// <exception cref="BpfLoadException">The namespace does not exist, the file is not a network namespace, or this process may not open it.</exception>
    public static NetworkNamespaceHandle Open(string text)
    {
        var path = PathOf(text);
        // Non-blocking, because opening a named pipe would block until it has a writer.
        var number = Libc.open(path, Libc.O_CLOEXEC | Libc.O_NONBLOCK, 0);
        if (number < 0)
        {
            throw Missing(text, path, Marshal.GetLastPInvokeError());
        }

        var fd = new FdHandle(number);
        if (Libc.ioctl(number, AskType, 0) != NewNetwork)
        {
            fd.Dispose();
            throw new BpfLoadException(LoadFault.NoTarget, $"'{text}' is not a network namespace: {path} is something else.")
            {
                Remedy = "Name one that `ip netns` lists, a file such as /proc/PID/ns/net, or a process id.",
            };
        }

        return new NetworkNamespaceHandle(text, fd);
    }

    /// <summary>Runs code in the namespace on a new thread. A namespace is a property of a thread, so a shared thread must not enter it.</summary>
    /// <exception cref="BpfLoadException">This process may not enter the namespace.</exception>
    public T Run<T>(Func<T> code)
    {
        using var lease = new Lease(_fd);
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (Libc.setns(_fd.Number, NewNetwork) != 0)
                {
                    throw Refused(Marshal.GetLastPInvokeError());
                }

                result = code();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            IsBackground = true,
            Name = "bee netns",
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    /// <summary>Returns a second handle to the same namespace.</summary>
    public NetworkNamespaceHandle Share() => new(Name, new FdHandle(FileCalls.Duplicate(_fd.Number)));

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();

    private static string PathOf(string text)
    {
        if (text.Contains('/'))
        {
            return text;
        }

        var named = $"{NamedFolder}/{text}";
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && !System.IO.File.Exists(named) ? $"/proc/{pid}/ns/net" : named;
    }

    private BpfLoadException Refused(int errno) => new(
        errno == Libc.EPERM ? LoadFault.NoPermission : LoadFault.Other, $"The network namespace '{Name}' cannot be entered: {Libc.Describe(errno)}.")
    {
        Errno = errno,
        Remedy = errno == Libc.EPERM ? "Entering a network namespace requires CAP_SYS_ADMIN." : "",
    };

    private static BpfLoadException Missing(string text, string path, int errno)
    {
        if (errno is Libc.EPERM or Libc.EACCES)
        {
            return new BpfLoadException(LoadFault.NoPermission, $"The network namespace '{text}' cannot be opened: {Libc.Describe(errno)} ({path}).")
            {
                Errno = errno,
                Remedy = "Run as root, or with CAP_SYS_ADMIN and CAP_SYS_PTRACE for namespaces of other users' processes.",
            };
        }

        var process = path.StartsWith("/proc/", StringComparison.Ordinal);
        var names = NetworkTargets.Namespaces();
        var have = names.Count > 0 ? $"`ip netns` lists {string.Join(", ", names)}." : "`ip netns` lists none (`ip netns add` creates one).";
        return new BpfLoadException(LoadFault.NoTarget, $"There is no network namespace '{text}': {(process ? "no such process" : "no such file")} ({path}).")
        {
            Errno = errno,
            Suggestions = Suggest.Nearest(text, names, 5),
            Remedy = $"{have} A path such as /proc/PID/ns/net or a process id also works.",
        };
    }
}
