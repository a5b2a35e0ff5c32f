namespace Bee.Ebpf.Maps;

/// <summary>The open buffer of a ring or perf event array, and its one reader. Two readers would share the consumer position and steal each other's records.</summary>
internal sealed class BufferSlot(string map)
{
    private readonly object _gate = new();
    private IDisposable? _buffer;
    private Action? _interrupt;
    private bool _isClaimed;
    private bool _closed;

    /// <summary>Returns the buffer; opens it at the first call.</summary>
    /// <exception cref="InvalidOperationException">A reader has opened buffers of its own.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public T Open<T>(Func<T> open)
        where T : class, IDisposable
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(BpfMap));
            RequireUnclaimed();
            return (T)(_buffer ??= open());
        }
    }

    /// <summary>Reserves the map for a reader that opens buffers of its own. A perf event array sends each CPU's events to the buffer that was opened last.</summary>
    /// <exception cref="InvalidOperationException">Another reader or an event stream has opened buffers.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public void Claim()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(BpfMap));
            RequireUnclaimed();
            if (_buffer is not null)
            {
                throw new InvalidOperationException($"The buffers of map '{map}' are open for an event stream, which would get no more events. Read the map through the stream, or leave it out of the reader.");
            }

            _isClaimed = true;
        }
    }

    /// <summary>Ends the reservation of <see cref="Claim"/>.</summary>
    public void Unclaim()
    {
        lock (_gate)
        {
            _isClaimed = false;
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

    private void RequireUnclaimed()
    {
        if (_isClaimed)
        {
            throw new InvalidOperationException($"The buffers of map '{map}' are open for an event reader, which would get no more events. Dispose that reader first, or read the map through it.");
        }
    }
}
