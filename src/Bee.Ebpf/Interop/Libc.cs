using System.Runtime.InteropServices;

namespace Bee.Ebpf.Interop;

/// <summary>The C library's calls that reading needs. Those that fail set the last P/Invoke error.</summary>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    public const int EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, E2BIG = 7, EBADF = 9, EAGAIN = 11, EACCES = 13, EFAULT = 14,
        EBUSY = 16, EEXIST = 17, ENODEV = 19, EINVAL = 22, ENOSPC = 28, EOPNOTSUPP = 95, ENOTSUPP = 524;

    public const int ProtectRead = 1, ProtectWrite = 2, MapShared = 1;
    public const short PollIn = 1;
    public const int EpollAdd = 1, EpollIn = 1, CloseOnExec = 0x80000, NonBlocking = 0x800;

    /// <summary>What one epoll descriptor reports. The kernel packs it on x86-64 only.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nuint length);

    [LibraryImport(Library)]
    public static partial int pthread_sigmask(int how, ChildSignals.Set* set, ChildSignals.Set* before);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, void* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int descriptor, void* what);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, void* ready, int room, int milliseconds);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int descriptor, nuint request, nint argument);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint SystemCall(nint number, void* a, nint b, nint c, nint d, nuint e);

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint BpfCall(nint number, nint command, void* attributes, nuint size);

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int domain, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetSocketOption(int socket, int level, int option, void* value, int length);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, void* address, int length);

    [LibraryImport(Library, EntryPoint = "vsnprintf")]
    public static partial int FormatList(byte* buffer, nuint size, byte* format, void* arguments);

    /// <summary>A second descriptor for the same thing, closed on exec; -1 with the last P/Invoke error set.</summary>
    public static int Duplicate(int descriptor)
    {
        const int DuplicateCloseOnExec = 1030;
        return Command(descriptor, DuplicateCloseOnExec, 0);
    }

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Command(int descriptor, int command, int argument);

    /// <summary>The C library's text for an error number.</summary>
    public static string Describe(int errno) => errno == ENOTSUPP ? "Not supported by this kernel" : Marshal.GetPInvokeErrorMessage(errno);
}
