using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>The network interfaces and named network namespaces of this machine.</summary>
internal static unsafe partial class NetworkTargets
{
    [StructLayout(LayoutKind.Sequential)]
    private struct NameAndIndex
    {
        public uint Index;
        public nint Name;
    }

    /// <summary>The names that <c>ip netns</c> knows; empty where there are none.</summary>
    public static IReadOnlyList<string> Namespaces() =>
        Directory.Exists(NetworkNamespaceHandle.NamedFolder) ? [.. Directory.EnumerateFiles(NetworkNamespaceHandle.NamedFolder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)] : [];

    /// <summary>The interfaces of a network namespace, by number.</summary>
    /// <param name="networkNamespace">The namespace as <see cref="AttachOptions.NetworkNamespace"/> takes it; null for this process's own.</param>
    /// <exception cref="BpfLoadException">There is no such namespace, or this process may not enter it.</exception>
    public static IReadOnlyList<NetworkInterfaceName> Interfaces(string? networkNamespace)
    {
        if (networkNamespace is null)
        {
            return Here();
        }

        using var space = NetworkNamespaceHandle.Open(networkNamespace);
        return space.Run(Here);
    }

    /// <summary>The interfaces of the namespace that the calling thread is in.</summary>
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
/// <param name="Index">Its number in its network namespace, from 1.</param>
internal readonly record struct NetworkInterfaceName(string Name, int Index);

/// <summary>A network namespace that is held open: it stays, and can be entered, even after its last process has gone.</summary>
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

    /// <summary>The text that it was found by.</summary>
    public string Name { get; }

    /// <summary>Hands the fd's number over; it stays valid meanwhile.</summary>
    public T Use<T>(Func<int, T> code)
    {
        using var hold = new Lease(_fd);
        return code(_fd.Number);
    }

    /// <summary>Opens a namespace by its name, a path, or the id of a process.</summary>
    /// <exception cref="BpfLoadException">There is none, it is of another kind, or it may not be opened.</exception>
    public static NetworkNamespaceHandle Open(string text)
    {
        var path = PathOf(text);
        // Non-blocking: a named pipe would keep whoever opens it until somebody writes.
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

    /// <summary>Runs code in the namespace, on a thread of its own: a namespace belongs to a thread, and must not cling to one that others use.</summary>
    /// <exception cref="BpfLoadException">This process may not enter it.</exception>
    public T Run<T>(Func<T> code)
    {
        using var hold = new Lease(_fd);
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

    /// <summary>A second handle to the same namespace, for whoever has to come back to it later.</summary>
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
        Remedy = errno == Libc.EPERM ? "Entering a network namespace takes CAP_SYS_ADMIN." : "",
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
        var have = names.Count > 0 ? $"Those with a name are {string.Join(", ", names)}." : "None has a name here (`ip netns add` makes one).";
        return new BpfLoadException(LoadFault.NoTarget, $"There is no network namespace '{text}': {(process ? "no such process" : "no such file")} ({path}).")
        {
            Errno = errno,
            Suggestions = Suggest.Nearest(text, names, 5),
            Remedy = $"{have} A path such as /proc/PID/ns/net and a process id do as well.",
        };
    }
}
