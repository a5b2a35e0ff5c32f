using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>The thread on which all asynchronous enumerations of the process wait for records. It ends with the last enumeration.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The thread closes the fds when it ends.")]
internal sealed unsafe class WaitThread
{
    private const int MostReady = 16;

    // struct epoll_event is packed on x86-64 alone.
    private static readonly bool s_packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly object s_gate = new();
    private static WaitThread? s_current;

    private readonly FdHandle _epoll;
    private readonly FdHandle _end;
    private readonly Dictionary<int, Wait> _waits = [];
    private int _users;

    private WaitThread()
    {
        _epoll = new FdHandle(Waiter.Checked(Libc.epoll_create1(Libc.O_CLOEXEC)));
        try
        {
            _end = new FdHandle(Waiter.Checked(Libc.eventfd(0, Libc.O_CLOEXEC | Libc.O_NONBLOCK)));
            Control(Libc.EPOLL_CTL_ADD, _end.Number, Libc.EPOLLIN);
        }
        catch
        {
            _end?.Dispose();
            _epoll.Dispose();
            throw;
        }

        new Thread(Run) { IsBackground = true, Name = "Bee event wait" }.Start();
    }

    /// <summary>Registers an enumeration. Starts the thread for the first one.</summary>
    /// <param name="waiter">The enumeration's waiter.</param>
    /// <param name="cursor">The enumeration's cursor, which must stay open until the result is disposed.</param>
    /// <exception cref="BpfLoadException">The process has no fd left.</exception>
    public static Wait Register(Waiter waiter, RecordCursor cursor)
    {
        lock (s_gate)
        {
            var thread = s_current ??= new WaitThread();
            var wait = new Wait(thread, waiter.Epoll.Number, cursor);
            try
            {
                // Armed by Wait.Async; until then nothing is reported.
                thread.Control(Libc.EPOLL_CTL_ADD, wait.Fd, 0);
            }
            catch
            {
                thread.EndIfUnused();
                throw;
            }

            thread._waits.Add(wait.Fd, wait);
            thread._users++;
            return wait;
        }
    }

    private void Unregister(Wait wait)
    {
        lock (s_gate)
        {
            Control(Libc.EPOLL_CTL_DEL, wait.Fd, 0);
            _waits.Remove(wait.Fd);
            _users--;
            EndIfUnused();
        }
    }

    private void EndIfUnused()
    {
        if (_users == 0)
        {
            s_current = null;
            var one = 1ul;
            Libc.write(_end, &one, sizeof(ulong));
        }
    }

    private void Run()
    {
        var size = s_packed ? 3 : 4;
        var ready = stackalloc uint[4 * MostReady];
        var look = Environment.TickCount64 + Waiter.LongestRingWait;
        while (true)
        {
            var count = Libc.epoll_wait(_epoll.Number, ready, MostReady, (int)Math.Clamp(look - Environment.TickCount64, 0, Waiter.LongestRingWait));
            for (var i = 0; i < count; i++)
            {
                var fd = (int)ready[i * size + size - 2];
                if (fd == _end.Number)
                {
                    _epoll.Dispose();
                    _end.Dispose();
                    return;
                }

                Wait? wait;
                lock (s_gate)
                {
                    wait = _waits.GetValueOrDefault(fd);
                }

                wait?.Complete();
            }

            if (Environment.TickCount64 >= look)
            {
                look = Environment.TickCount64 + Waiter.LongestRingWait;
                CompleteQuiet();
            }
        }
    }

    private void CompleteQuiet()
    {
        lock (s_gate)
        {
            foreach (var wait in _waits.Values)
            {
                wait.CompleteIfQuiet();
            }
        }
    }

    private void Control(int operation, int fd, int events)
    {
        var what = stackalloc uint[4];
        what[0] = (uint)events;
        what[s_packed ? 1 : 2] = (uint)fd;
        Waiter.Checked(Libc.epoll_ctl(_epoll.Number, operation, fd, what));
    }

    /// <summary>The waits of one enumeration, one after the other.</summary>
    internal sealed class Wait : IValueTaskSource, IDisposable
    {
        private readonly WaitThread _thread;
        private readonly RecordCursor _cursor;
        // Continuations leave the thread at once: others wait on it.
        private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
        private int _armed;

        public Wait(WaitThread thread, int fd, RecordCursor cursor) => (_thread, Fd, _cursor) = (thread, fd, cursor);

        public int Fd { get; }

        /// <summary>Completes when the waiter's fds become readable or it is woken.</summary>
        public ValueTask Async()
        {
            _source.Reset();
            var task = new ValueTask(this, _source.Version);
            Volatile.Write(ref _armed, 1);
            _thread.Control(Libc.EPOLL_CTL_MOD, Fd, Libc.EPOLLIN | Libc.EPOLLONESHOT);
            return task;
        }

        public void Complete()
        {
            if (Interlocked.Exchange(ref _armed, 0) == 1)
            {
                _source.SetResult(true);
            }
        }

        /// <summary>Completes a wait for records that the kernel did not report.</summary>
        public void CompleteIfQuiet()
        {
            if (Volatile.Read(ref _armed) == 1 && _cursor.HasQuietRecords)
            {
                Complete();
            }
        }

        public void Dispose() => _thread.Unregister(this);

        void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

        ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

        void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);
    }
}
