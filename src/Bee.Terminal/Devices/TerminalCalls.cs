using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Bee.Terminal.Devices;

/// <summary>The C library's calls on terminals, under their own names. Those that fail set the last P/Invoke error.</summary>
internal static unsafe partial class TerminalCalls
{
    public const int O_RDWR = 2, O_NOCTTY = 0x100, O_CLOEXEC = 0x80000;

    public const int EINTR = 4, EIO = 5, EAGAIN = 11;

    public const int TCSADRAIN = 1, TCSAFLUSH = 2;

    public const short POLLIN = 1, POLLERR = 8, POLLHUP = 16;

    public const int SIGSTOP = 19;

    public const nuint TIOCGWINSZ = 0x5413;

    /// <summary>More than the 60 bytes of struct termios in glibc and musl, whose fields are read and changed by libc alone.</summary>
    public const int TermiosSize = 128;

    private const string Library = "libc";

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags);

    [LibraryImport(Library)]
    public static partial int isatty(int fd);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int tcgetattr(SafeFileHandle terminal, byte* settings);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int tcsetattr(SafeFileHandle terminal, int when, byte* settings);

    [LibraryImport(Library)]
    public static partial void cfmakeraw(byte* settings);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int ioctl(SafeFileHandle terminal, nuint request, WindowSize* size);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint read(SafeFileHandle file, byte* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint write(SafeFileHandle file, byte* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int pipe2(int* fds, int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int kill(int process, int signal);

    [LibraryImport(Library)]
    public static partial int getpgid(int process);

    [LibraryImport(Library)]
    public static partial int getsid(int process);

    [LibraryImport(Library)]
    public static partial int getppid();

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
}
