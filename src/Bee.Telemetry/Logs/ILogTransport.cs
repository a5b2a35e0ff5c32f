namespace Bee.Telemetry.Logs;

/// <summary>Sends log records to one receiver. One thread uses it at a time.</summary>
internal interface ILogTransport : IDisposable
{
    /// <summary>The receiver, for messages; no secret stands in it.</summary>
    string Destination { get; }

    /// <summary>Tries once to send a batch. It keeps no record that it reports as not settled.</summary>
    /// <param name="batch">The records in order, one at least.</param>
    /// <param name="cancellationToken">Ends the try; the transport may throw <see cref="OperationCanceledException"/> then.</param>
    /// <returns>What became of the batch. An expected failure is a result and not an exception.</returns>
    Task<SendResult> SendAsync(IReadOnlyList<LogRecord> batch, CancellationToken cancellationToken);
}

/// <summary>What became of a batch.</summary>
/// <param name="Settled">How many records, from the first on, need not be sent again: the receiver took or refused them.</param>
/// <param name="Refused">How many of these the receiver refused for good.</param>
/// <param name="RetryAfter">How long the receiver asks to wait before the rest is sent; null for no wish.</param>
/// <param name="Reason">Why not all were taken, as one sentence without secrets; null if all were.</param>
internal readonly record struct SendResult(int Settled, int Refused, TimeSpan? RetryAfter, string? Reason)
{
    /// <summary>Returns that the receiver took all records.</summary>
    /// <param name="count">The length of the batch.</param>
    public static SendResult Delivered(int count) => new(count, 0, null, null);

    /// <summary>Returns that the rest is to be sent again.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="after">How long the receiver asks to wait.</param>
    /// <param name="settled">How many records, from the first on, are settled.</param>
    public static SendResult Retry(string reason, TimeSpan? after = null, int settled = 0) => new(settled, 0, after, reason);

    /// <summary>Returns that the receiver refused records for good, and took the others.</summary>
    /// <param name="count">The length of the batch.</param>
    /// <param name="refused">How many it refused.</param>
    /// <param name="reason">Why.</param>
    public static SendResult Rejected(int count, int refused, string reason) => new(count, refused, null, reason);
}
