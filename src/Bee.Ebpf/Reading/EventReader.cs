namespace Bee.Ebpf;

/// <summary>Reads a session's events and map entries. It has no thread of its own: <see cref="Run"/> waits and decodes on the caller's.</summary>
public sealed class EventReader : IDisposable
{
    /// <summary>The maps and iterators that take part, in the object file's order.</summary>
    public IReadOnlyList<RecordStream> Streams => throw new NotImplementedException();

    /// <summary>
    /// Reads until the token is cancelled, the duration has passed, the sink says stop, the reader or its session is disposed, or (when there
    /// are iterators only) everything has been read. What is in the buffers at that moment is still given to the sink, unless the sink said stop.
    /// May be called again afterwards; one call at a time.
    /// </summary>
    /// <param name="sink">Gets everything, on the calling thread.</param>
    /// <param name="stop">Ends the run; it wakes a waiting reader at once.</param>
    /// <param name="duration">How long to read; null for no limit.</param>
    /// <exception cref="InvalidOperationException">Another thread is in this call.</exception>
    /// <exception cref="ObjectDisposedException">The reader or its session has been disposed of.</exception>
    public void Run(IEventSink sink, CancellationToken stop, TimeSpan? duration = null) => throw new NotImplementedException();

    /// <summary>Ends a run under way and frees the buffers. Safe from any thread, and more than once.</summary>
    public void Dispose() => throw new NotImplementedException();
}
