using System.Runtime.InteropServices;
using Bee.Posix;
using Microsoft.Win32.SafeHandles;

namespace Bee.Terminal.Devices;

/// <summary>The controlling terminal of this process.</summary>
internal sealed unsafe class TerminalDevice : ITerminal
{
    // Switches to the alternate screen, hides the cursor and disables wrapping. LeaveText reverts this, and resets cursor keys and colors for the shell.
    private static ReadOnlySpan<byte> EnterText => "\e[?1049h\e[?25l\e[?7l\e[2J"u8;

    private static ReadOnlySpan<byte> LeaveText => "\e[0m\e[?7h\e[?25h\e[?1049l"u8;

    private readonly object _gate = new();
    private readonly SafeFileHandle _terminal;
    private readonly SafeFileHandle _wakeRead;
    private readonly SafeFileHandle _wakeWrite;
    private readonly byte[] _saved = new byte[Libc.TermiosSize];
    private bool _entered;
    private bool _disposed;

    private TerminalDevice(SafeFileHandle terminal)
    {
        _terminal = terminal;
        int* ends = stackalloc int[2];
        const int O_NONBLOCK = 0x800;
        if (Libc.pipe2(ends, Libc.O_CLOEXEC | O_NONBLOCK) != 0)
        {
            throw new IOException($"A pipe cannot be created: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }

        (_wakeRead, _wakeWrite) = (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    /// <summary>Opens the controlling terminal without changing it.</summary>
    /// <exception cref="IOException">The process has no controlling terminal.</exception>
    public static TerminalDevice Open()
    {
        int fd = Libc.open("/dev/tty", Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC, 0);
        return fd >= 0
            ? new TerminalDevice(new SafeFileHandle(fd, ownsHandle: true))
            : throw new IOException($"/dev/tty cannot be opened: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
    }

    /// <inheritdoc/>
    public (int Width, int Height) Size
    {
        get
        {
            Libc.WindowSize size;
            // A serial line may not report its size.
            return Libc.ioctl((int)_terminal.DangerousGetHandle(), Libc.TIOCGWINSZ, (nint)(&size)) == 0 && size is { Columns: > 0, Rows: > 0 } ? (size.Columns, size.Rows) : (80, 24);
        }
    }

    /// <inheritdoc/>
    public void Enter()
    {
        lock (_gate)
        {
            if (_entered || _disposed)
            {
                return;
            }

            fixed (byte* saved = _saved)
            {
                if (Libc.tcgetattr(_terminal, saved) != 0)
                {
                    throw new IOException($"The terminal's settings cannot be read: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
                }
            }

            SetRaw();
            _entered = true;
            WriteAll(EnterText);
        }
    }

    /// <inheritdoc/>
    public void Renew()
    {
        lock (_gate)
        {
            if (_entered)
            {
                SetRaw();
            }
        }
    }

    /// <inheritdoc/>
    public void Leave()
    {
        lock (_gate)
        {
            if (!_entered)
            {
                return;
            }

            _entered = false;
            WriteAll(LeaveText);
            fixed (byte* saved = _saved)
            {
                // Discards keys that were typed for the view and not read.
                Set(saved, Libc.TCSAFLUSH);
            }
        }
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_entered)
            {
                WriteAll(bytes);
            }
        }
    }

    /// <inheritdoc/>
    public int Read(Span<byte> buffer, TimeSpan wait)
    {
        Libc.PollEntry* entries = stackalloc Libc.PollEntry[2];
        entries[0] = new Libc.PollEntry { Fd = (int)_terminal.DangerousGetHandle(), Events = Libc.POLLIN };
        entries[1] = new Libc.PollEntry { Fd = (int)_wakeRead.DangerousGetHandle(), Events = Libc.POLLIN };
        if (Libc.poll(entries, 2, (int)Math.Ceiling(Math.Max(0, wait.TotalMilliseconds))) <= 0)
        {
            return 0;
        }

        if (entries[1].Returned != 0)
        {
            byte* bytes = stackalloc byte[64];
            while (Libc.read(_wakeRead, bytes, 64) == 64)
            {
            }
        }

        if (entries[0].Returned == 0)
        {
            return 0;
        }

        fixed (byte* bytes = buffer)
        {
            nint count = Libc.read(_terminal, bytes, (nuint)buffer.Length);
            return count > 0 ? (int)count : count < 0 && Marshal.GetLastPInvokeError() is Libc.EINTR or Libc.EAGAIN ? 0 : -1;
        }
    }

    /// <inheritdoc/>
    public void Wake()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                byte one = 1;
                // A full pipe ends the wait too.
                _ = Libc.write(_wakeWrite, &one, 1);
            }
        }
    }

    /// <inheritdoc/>
    public void Suspend() => JobControl.Stop();

    /// <inheritdoc/>
    public void Dispose()
    {
        Leave();
        lock (_gate)
        {
            _disposed = true;
            _terminal.Dispose();
            _wakeRead.Dispose();
            _wakeWrite.Dispose();
        }
    }

    private void SetRaw()
    {
        byte* raw = stackalloc byte[Libc.TermiosSize];
        _saved.CopyTo(new Span<byte>(raw, Libc.TermiosSize));
        Libc.cfmakeraw(raw);
        Set(raw, Libc.TCSADRAIN);
    }

    private void Set(byte* settings, int when)
    {
        while (Libc.tcsetattr(_terminal, when, settings) != 0 && Marshal.GetLastPInvokeError() == Libc.EINTR)
        {
        }
    }

    // Errors are ignored, because a terminal that is gone (EIO) cannot be restored.
    private void WriteAll(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            for (int at = 0; at < bytes.Length;)
            {
                nint count = Libc.write(_terminal, first + at, (nuint)(bytes.Length - at));
                if (count < 0 && Marshal.GetLastPInvokeError() is not (Libc.EINTR or Libc.EAGAIN))
                {
                    return;
                }

                at += Math.Max(0, (int)count);
            }
        }
    }
}

/// <summary>A terminal for a view. Members are called on the view's thread unless documented otherwise.</summary>
internal interface ITerminal : IDisposable
{
    /// <summary>The size in characters.</summary>
    (int Width, int Height) Size { get; }

    /// <summary>Switches to the alternate screen and to raw input. Does nothing if already done.</summary>
    void Enter();

    /// <summary>Sets raw input again, because the runtime restores its own settings when the process continues.</summary>
    void Renew();

    /// <summary>Restores the screen, the cursor and the settings. Safe from any thread, and more than once.</summary>
    void Leave();

    /// <summary>Writes bytes to the screen. Does nothing before <see cref="Enter"/> or after <see cref="Leave"/>.</summary>
    /// <param name="bytes">Text and control sequences in UTF-8.</param>
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>Waits for input, until <see cref="Wake"/> is called or a timeout passes.</summary>
    /// <param name="buffer">Receives the bytes.</param>
    /// <param name="wait">The timeout.</param>
    /// <returns>The number of bytes; 0 if none arrived, -1 if the terminal is gone.</returns>
    int Read(Span<byte> buffer, TimeSpan wait);

    /// <summary>Ends a wait. Safe from any thread.</summary>
    void Wake();

    /// <summary>Stops the process group as the shell's job control does, and returns when it continues. Does nothing if no shell can continue it.</summary>
    void Suspend();
}

/// <summary>Checks whether this process has a terminal that a full-screen view can use.</summary>
internal static class TerminalSupport
{
    /// <summary>Returns why a view cannot be shown, as the end of a sentence; null if it can.</summary>
    /// <remarks>Requires that standard output is a terminal, that TERM names one that can move the cursor, and that the process has a controlling terminal for keys.</remarks>
    public static string? WhyNot() => WhyNot(Libc.isatty(1) == 1, Environment.GetEnvironmentVariable("TERM"), File.Exists("/dev/tty") && CanOpen());

    /// <summary>Whether the user disables colors: the variable NO_COLOR is set and not empty (no-color.org).</summary>
    public static bool IsPlain => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    internal static string? WhyNot(bool isTerminal, string? term, bool hasControl) =>
        !isTerminal ? "standard output is not a terminal"
        : string.IsNullOrEmpty(term) ? "TERM is not set"
        : term is "dumb" or "unknown" ? $"TERM is {term}"
        : !hasControl ? "the process has no controlling terminal"
        : null;

    private static bool CanOpen()
    {
        int fd = Libc.open("/dev/tty", Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC, 0);
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(fd, ownsHandle: true);
        return fd >= 0;
    }
}
