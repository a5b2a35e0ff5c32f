using System.Runtime.CompilerServices;
using Bee.Ebpf.Maps;

namespace Bee.Ebpf.Events;

/// <summary>One enumeration of a buffer's records: holds the place of the buffer's only reader, and waits for records.</summary>
internal sealed class BufferReading : IDisposable
{
    // Keeps the session alive. If only the enumeration were reachable, the links' finalizers would detach the programs.
    private readonly object _session;
    private readonly BpfMap _map;
    private readonly Waiter _waiter;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenRegistration _registration;
    private WaitThread.Wait? _wait;
    private volatile bool _interrupted;
    private volatile bool _closed;
    private bool _disposed;

    /// <exception cref="InvalidOperationException">The map has a reader.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="OperationCanceledException">The token is canceled.</exception>
    public BufferReading(object session, BpfMap map, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _session = session;
        _map = map;
        _cancellationToken = cancellationToken;
        var buffer = map.Buffer.Open(() => new MappedBuffer(map));
        var leased = false;
        map.Owner.DangerousAddRef(ref leased);
        var entered = false;
        try
        {
            _waiter = new Waiter();
            map.Buffer.Enter(Close);
            entered = true;
            Cursor = buffer.Walk();
            foreach (var fd in buffer.Fds)
            {
                _waiter.Add(fd);
            }

            _registration = cancellationToken.UnsafeRegister(static reading => ((BufferReading)reading!).Interrupt(), this);
        }
        catch
        {
            Cursor?.Dispose();
            if (entered)
            {
                map.Buffer.Leave();
            }

            _waiter?.Dispose();
            map.Owner.DangerousRelease();
            throw;
        }
    }

    /// <summary>The position in the buffer.</summary>
    public RecordCursor Cursor { get; }

    /// <summary>Moves to the next record that is in the buffer.</summary>
    /// <returns>False if the reader has to call <see cref="WaitForMore"/> first.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe bool TryNext(out byte* record, out int length)
    {
        if (!_interrupted)
        {
            return Cursor.TryNext(out record, out length);
        }

        record = null;
        length = 0;
        return false;
    }

    /// <summary>Waits until there are records.</summary>
    /// <returns>False if the session has been disposed.</returns>
    /// <exception cref="OperationCanceledException">The token is canceled.</exception>
    public bool WaitForMore()
    {
        while (CanGoOn())
        {
            switch (Cursor.Refresh())
            {
                case CursorStep.Read:
                    return true;
                case CursorStep.Rest:
                    _waiter.Rest();
                    break;
                default:
                    _waiter.Wait(Cursor.LongestWait);
                    break;
            }
        }

        return false;
    }

    /// <inheritdoc cref="WaitForMore"/>
    public ValueTask<bool> WaitForMoreAsync() => CanGoOn() ? Cursor.Refresh() is var step && step == CursorStep.Read ? new(true) : WaitAsync(step) : new(false);

    /// <summary>Ends the enumeration; records that were not read stay in the buffer.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _interrupted = true;
        _registration.Dispose();
        // The waiting thread looks at the buffer until then.
        _wait?.Dispose();
        Cursor.Dispose();
        _map.Buffer.Leave();
        _waiter.Dispose();
        _map.Owner.DangerousRelease();
        GC.KeepAlive(_session);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitAsync(CursorStep step)
    {
        do
        {
            if (step == CursorStep.Rest)
            {
                await Task.Delay(1, CancellationToken.None).ConfigureAwait(false);
            }
            else
            {
                var wait = _wait ??= WaitThread.Register(_waiter, Cursor);
                var readable = wait.Async();
                // The kernel reports a sample of a perf buffer to one poll only, and to arm the wait is a poll: look for a sample that came before.
                if (Cursor.Refresh() != CursorStep.Wait)
                {
                    wait.Complete();
                }

                await readable.ConfigureAwait(false);
            }

            if (!CanGoOn())
            {
                return false;
            }

            step = Cursor.Refresh();
        }
        while (step != CursorStep.Read);
        return true;
    }

    private bool CanGoOn()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        return !_closed && !_disposed;
    }

    private void Close()
    {
        _closed = true;
        Interrupt();
    }

    private void Interrupt()
    {
        _interrupted = true;
        _waiter.Wake();
    }
}
