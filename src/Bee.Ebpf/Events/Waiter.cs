using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>Waits for buffers to fill, for a timeout, or for a wake-up, without using CPU time.</summary>
internal sealed unsafe class Waiter : IDisposable
{
    /// <summary>
    /// The longest wait for a ring buffer, in milliseconds. The kernel wakes no reader for a record that was submitted with BPF_RB_NO_WAKEUP, so readers look at the producer position this often.
    /// </summary>
    public const int LongestRingWait = 200;

    private const int RestMilliseconds = 1;
    private readonly FdHandle _epoll;
    private readonly FdHandle _wake;

    public Waiter()
    {
        _epoll = new FdHandle(Checked(Libc.epoll_create1(Libc.O_CLOEXEC)));
        _wake = new FdHandle(Checked(Libc.eventfd(0, Libc.O_CLOEXEC | Libc.O_NONBLOCK)));
        Add(_wake.Number);
    }

    /// <summary>The epoll instance. Its fd is readable while one of the fds in it is.</summary>
    public FdHandle Epoll => _epoll;

    /// <summary>The fd that <see cref="Wake"/> makes readable.</summary>
    public FdHandle WakeFd => _wake;

    /// <summary>Adds an fd to wait for.</summary>
    public void Add(int fd)
    {
        // struct epoll_event begins with the events. The data behind them, whose offset depends on the architecture, is not used.
        var what = stackalloc uint[4] { Libc.EPOLLIN, 0, 0, 0 };
        Checked(Libc.epoll_ctl(_epoll.Number, Libc.EPOLL_CTL_ADD, fd, what));
    }

    /// <summary>Waits until an fd is readable, <see cref="Wake"/> is called, or the timeout has passed.</summary>
    /// <param name="milliseconds">The timeout; -1 for none.</param>
    public void Wait(int milliseconds)
    {
        var ready = stackalloc uint[4 * 8];
        Libc.epoll_wait(_epoll.Number, ready, 8, milliseconds);
    }

    /// <summary>Sleeps for a millisecond. Only a wake-up ends the sleep early; a buffer that fills does not.</summary>
    /// <remarks>
    /// The kernel wakes a waiting reader at the first record after the reader has caught up, and the traced program pays for that. A reader that sleeps first finds many records at once, and is
    /// woken a thousand times a second at most.
    /// </remarks>
    public void Rest()
    {
        var wake = new Libc.PollEntry { Fd = _wake.Number, Events = Libc.POLLIN };
        Libc.poll(&wake, 1, RestMilliseconds);
    }

    /// <summary>Ends the current wait, or the next one. Thread-safe.</summary>
    public void Wake()
    {
        var one = 1ul;
        try
        {
            using var hold = new Lease(_wake);
            Libc.write(_wake, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // The reader has ended.
        }
    }

    /// <summary>Clears wake-ups that are left from an earlier run.</summary>
    public void Reset()
    {
        ulong count;
        Libc.read(_wake, &count, sizeof(ulong));
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
    }

    public static int Checked(int result) => result >= 0 ? result : throw new BpfLoadException(
        LoadFault.Other, $"The reader cannot wait for events: {Libc.Describe(Marshal.GetLastPInvokeError())}.")
    { Errno = Marshal.GetLastPInvokeError() };
}
