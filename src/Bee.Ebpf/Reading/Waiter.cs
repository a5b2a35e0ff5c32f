using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Waits for buffers to fill, for a time, or for being told to stop; it uses no CPU meanwhile.</summary>
internal sealed unsafe class Waiter : IDisposable
{
    private const int NapMilliseconds = 1;
    private readonly FdHandle _epoll;
    private readonly FdHandle _wake;

    public Waiter()
    {
        _epoll = new FdHandle(Checked(Libc.EpollCreate(Libc.CloseOnExec)));
        _wake = new FdHandle(Checked(Libc.EventDescriptor(0, Libc.CloseOnExec | Libc.NonBlocking)));
        Add(_wake.Number);
    }

    /// <summary>Also waits for this descriptor to become readable.</summary>
    public void Add(int descriptor)
    {
        // struct epoll_event: the events first; the data after them, at an offset that differs between architectures, is not used.
        var what = stackalloc uint[4] { Libc.EpollIn, 0, 0, 0 };
        Checked(Libc.EpollControl(_epoll.Number, Libc.EpollAdd, descriptor, what));
    }

    /// <summary>Waits until something is readable, a wake-up has come, or the time is over.</summary>
    /// <param name="milliseconds">The longest wait; -1 for no limit.</param>
    public void Wait(int milliseconds)
    {
        var ready = stackalloc uint[4 * 8];
        Libc.EpollWait(_epoll.Number, ready, 8, milliseconds);
    }

    /// <summary>Rests for a millisecond; only a wake-up ends it earlier, buffers that fill do not.</summary>
    /// <remarks>
    /// The kernel wakes a reader that waits on a buffer at the first record after it had caught up, at the traced program's expense. A reader
    /// that rests first finds many records at once and is woken a thousand times a second at most.
    /// </remarks>
    public void Nap()
    {
        var wake = new Libc.PollDescriptor { Descriptor = _wake.Number, Events = Libc.PollIn };
        Libc.Poll(&wake, 1, NapMilliseconds);
    }

    /// <summary>Ends a wait under way, or the next one. From any thread.</summary>
    public void Wake()
    {
        var one = 1ul;
        try
        {
            using var hold = new Lease(_wake);
            Libc.Write(_wake.Number, &one, sizeof(ulong));
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
        Libc.Read(_wake.Number, &count, sizeof(ulong));
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
    }

    private static int Checked(int result) => result >= 0 ? result : throw new BpfLoadException(
        LoadFault.Other, $"The reader cannot wait for events: {Libc.Describe(Marshal.GetLastPInvokeError())}.")
    { Errno = Marshal.GetLastPInvokeError() };
}
