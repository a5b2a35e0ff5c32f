namespace Bee.Oci.Registry.Transport;

/// <summary>A wait that ends at a time which can be put off, or when whoever waits gives up.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenSource _source;

    public Deadline(CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>Cancelled at the deadline, or by whoever waits.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether it was the time, and not whoever waits.</summary>
    public bool IsOver => _source.IsCancellationRequested && !_cancellationToken.IsCancellationRequested;

    /// <summary>Sets or moves the deadline, from now on.</summary>
    public void Within(TimeSpan time) => _source.CancelAfter(time);

    public void Dispose() => _source.Dispose();
}
