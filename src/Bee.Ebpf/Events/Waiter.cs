using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>Waits for buffers to fill, for a time, or for being told to stop; it uses no CPU meanwhile.</summary>
internal sealed unsafe class Waiter : IDisposable
{
    private const int NapMilliseconds = 1;
    private readonly FdHandle _epoll;
    private readonly FdHandle _wake;

    public Waiter()
    {
        _epoll = new FdHandle(Checked(Libc.epoll_create1(Libc.O_CLOEXEC)));
        _wake = new FdHandle(Checked(Libc.eventfd(0, Libc.O_CLOEXEC | Libc.O_NONBLOCK)));
        Add(_wake.Number);
    }

    /// <summary>The epoll instance, which is readable itself when one of its fds is.</summary>
    public FdHandle Epoll => _epoll;

    /// <summary>The fd that <see cref="Wake"/> makes readable.</summary>
    public FdHandle WakeFd => _wake;

    /// <summary>Also waits for this fd to become readable.</summary>
    public void Add(int fd)
    {
        // struct epoll_event: the events first; the data after them, at an offset that differs between architectures, is not used.
        var what = stackalloc uint[4] { Libc.EPOLLIN, 0, 0, 0 };
        Checked(Libc.epoll_ctl(_epoll.Number, Libc.EPOLL_CTL_ADD, fd, what));
    }

    /// <summary>Waits until something is readable, a wake-up has come, or the time is over.</summary>
    /// <param name="milliseconds">The longest wait; -1 for no limit.</param>
    public void Wait(int milliseconds)
    {
        var ready = stackalloc uint[4 * 8];
        Libc.epoll_wait(_epoll.Number, ready, 8, milliseconds);
    }

    /// <summary>Rests for a millisecond; only a wake-up ends it earlier, buffers that fill do not.</summary>
    /// <remarks>
    /// The kernel wakes a reader that waits on a buffer at the first record after it had caught up, at the traced program's expense. A reader
    /// that rests first finds many records at once and is woken a thousand times a second at most.
    /// </remarks>
    public void Nap()
    {
        var wake = new Libc.PollEntry { Fd = _wake.Number, Events = Libc.POLLIN };
        Libc.poll(&wake, 1, NapMilliseconds);
    }

    /// <summary>Ends a wait under way, or the next one. From any thread.</summary>
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
            // Nobody waits any more.
        }
    }

    /// <summary>Forgets wake-ups that nobody has waited for.</summary>
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
