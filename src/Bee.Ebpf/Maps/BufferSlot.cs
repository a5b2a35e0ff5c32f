namespace Bee.Ebpf.Maps;

/// <summary>The open buffer of a ring or perf event array, and its one reader. Two readers would share the consumer position and steal each other's records.</summary>
internal sealed class BufferSlot(string map)
{
    private readonly object _gate = new();
    private IDisposable? _buffer;
    private Action? _interrupt;
    private bool _closed;

    /// <summary>Returns the buffer; opens it at the first call.</summary>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public T Open<T>(Func<T> open)
        where T : class, IDisposable
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(BpfMap));
            return (T)(_buffer ??= open());
        }
    }

    /// <summary>Registers the reader.</summary>
    /// <param name="interrupt">Ends the reading, from any thread; called when the session is disposed.</param>
    /// <exception cref="InvalidOperationException">The buffer has a reader.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public void Enter(Action interrupt)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(BpfMap));
            if (_interrupt is not null)
            {
                throw new InvalidOperationException($"Map '{map}' already has a reader. Two readers would take each other's events: end the other enumeration or run first, or read in one place and share the events.");
            }

            _interrupt = interrupt;
        }
    }

    /// <summary>Unregisters the reader.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _interrupt = null;
        }
    }

    /// <summary>Closes the buffer and interrupts the reader.</summary>
    public void Close()
    {
        IDisposable? buffer;
        Action? interrupt;
        lock (_gate)
        {
            _closed = true;
            (buffer, _buffer) = (_buffer, null);
            interrupt = _interrupt;
        }

        interrupt?.Invoke();
        buffer?.Dispose();
    }
}
