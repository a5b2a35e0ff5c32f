using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bee.Posix;

/// <summary>
/// The functions and constants of the C library, under their own names. This is Bee's only declaration of them. Failed calls set the last P/Invoke error.
/// </summary>
internal static unsafe partial class Libc
{
    public const int O_RDONLY = 0, O_RDWR = 2, O_CREAT = 0x40, O_EXCL = 0x80, O_NOCTTY = 0x100, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000, O_PATH = 0x200000;

    /// <summary>Error numbers. The C library has no text for ENOTSUPP, which only the kernel uses.</summary>
    public const int EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, EBADF = 9, EAGAIN = 11, ENOMEM = 12, EACCES = 13, EFAULT = 14, EBUSY = 16, EEXIST = 17,
        ENODEV = 19, ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOSPC = 28, EROFS = 30, ELOOP = 40, EOPNOTSUPP = 95, EAFNOSUPPORT = 97, ENOBUFS = 105, EDQUOT = 122, ENOTSUPP = 524;

    public const int PROT_READ = 1, PROT_WRITE = 2, MAP_SHARED = 1;

    public const short POLLIN = 1, POLLERR = 8, POLLHUP = 16;

    public const int EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3, EPOLLIN = 1, EPOLLONESHOT = 1 << 30;

    public const int F_DUPFD_CLOEXEC = 1030, F_ADD_SEALS = 1033, F_SEAL_SEAL = 1, F_SEAL_SHRINK = 2, F_SEAL_GROW = 4, F_SEAL_WRITE = 8;

    public const uint MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2;

    public const int SOL_SOCKET = 1, SCM_RIGHTS = 1, MSG_NOSIGNAL = 0x4000;

    public const int TCSADRAIN = 1, TCSAFLUSH = 2, SIGSTOP = 19;

    public const nuint TIOCGWINSZ = 0x5413;

    /// <summary>An upper bound of sizeof(struct termios), which is 60 bytes in glibc and musl. Only libc accesses its fields.</summary>
    public const int TermiosSize = 128;

    /// <summary>S_IRWXU.</summary>
    public const uint OwnerOnly = 0b111_000_000;

    public const int LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8;

    public const int AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_EACCESS = 0x200, AT_EMPTY_PATH = 0x1000;

    public const uint STATX_BASIC_STATS = 0x7ff;

    public const int RLIMIT_NPROC = 6, RLIMIT_NOFILE = 7;

    private const string Library = "libc";

    /// <summary>AT_FDCWD: paths are relative to the current folder.</summary>
    public static readonly SafeFileHandle AT_FDCWD = new(-100, ownsHandle: false);

    // asm/fcntl.h of arm and powerpc swaps these two bits against the generic one.
    private static readonly bool s_swapped = RuntimeInformation.ProcessArchitecture
        is Architecture.Arm or Architecture.Arm64 or Architecture.Armv6 or Architecture.Ppc64le;

    public static int O_DIRECTORY => s_swapped ? 0x4000 : 0x10000;

    public static int O_NOFOLLOW => s_swapped ? 0x8000 : 0x20000;

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int openat(SafeFileHandle folder, string path, int flags, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mkdirat(SafeFileHandle folder, string path, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int renameat(SafeFileHandle fromFolder, string from, SafeFileHandle toFolder, string to);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int linkat(SafeFileHandle fromFolder, string from, SafeFileHandle toFolder, string to, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int unlinkat(SafeFileHandle folder, string path, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint readlinkat(SafeFileHandle folder, string path, byte* buffer, nuint size);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statx(SafeFileHandle folder, string path, int flags, uint mask, FileStatus* status);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int faccessat(SafeFileHandle folder, string path, int mode, int flags);

    /// <summary>The handle is a struct file_handle: its capacity and its type, 4 bytes each, and the bytes.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int name_to_handle_at(SafeFileHandle folder, string path, void* handle, int* mount, int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int open_by_handle_at(SafeFileHandle mount, void* handle, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint getxattr(string path, string name, byte* value, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint read(SafeHandle file, void* buffer, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint write(SafeHandle file, void* buffer, nuint size);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int flock(SafeFileHandle file, int operation);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fsync(SafeFileHandle file);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fchown(SafeFileHandle file, uint user, uint group);

    [LibraryImport(Library)]
    public static partial uint geteuid();

    [LibraryImport(Library, SetLastError = true)]
    public static partial int getrlimit(int resource, nuint* softAndHard);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int mkdir(string path, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int rmdir(string path);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int unlink(string path);

    /// <summary>struct statfs starts with the magic number of the file system, in 4 or 8 bytes. It has at most 256 bytes on all architectures.</summary>
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statfs(string path, uint* status);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int close(int fd);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fcntl(int fd, int command, int argument);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int memfd_create(string name, uint flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint sendmsg(int socket, MessageHeader* message, int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int ioctl(int fd, nuint request, nint argument);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int munmap(nint address, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int eventfd(uint initial, int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int epoll_create1(int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int epoll_ctl(int epoll, int operation, int fd, void* what);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int epoll_wait(int epoll, void* ready, int room, int milliseconds);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int pipe2(int* fds, int flags);

    /// <summary>syscall(2). System calls with fewer arguments ignore the rest.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int setsockopt(int socket, int level, int option, void* value, int length);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int bind(int socket, void* address, int length);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint if_nameindex();

    [LibraryImport(Library)]
    public static partial void if_freenameindex(nint list);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int setns(int fd, int kind);

    [LibraryImport(Library)]
    public static partial int clock_gettime(int clock, long* time);

    [LibraryImport(Library)]
    public static partial int vsnprintf(byte* buffer, nuint size, byte* format, void* arguments);

    [LibraryImport(Library)]
    public static partial int pthread_sigmask(int how, void* set, void* before);

    [LibraryImport(Library)]
    public static partial int isatty(int fd);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int tcgetattr(SafeFileHandle terminal, byte* settings);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int tcsetattr(SafeFileHandle terminal, int when, byte* settings);

    [LibraryImport(Library)]
    public static partial void cfmakeraw(byte* settings);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int kill(int process, int signal);

    [LibraryImport(Library)]
    public static partial int getpgid(int process);

    [LibraryImport(Library)]
    public static partial int getsid(int process);

    [LibraryImport(Library)]
    public static partial int getppid();

    [LibraryImport(Library)]
    public static partial void _exit(int code);

    /// <summary>Returns the C library's text for an error number.</summary>
    public static string Describe(int errno) => errno == ENOTSUPP ? "Not supported by this kernel" : Marshal.GetPInvokeErrorMessage(errno);

    /// <summary>struct winsize.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct WindowSize
    {
        public ushort Rows, Columns, Width, Height;
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Fd;
        public short Events, Returned;
    }

    /// <summary>struct msghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public void* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct cmsghdr with one fd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FdMessage
    {
        public nuint Length;
        public int Level, Type, Fd;
    }
}
