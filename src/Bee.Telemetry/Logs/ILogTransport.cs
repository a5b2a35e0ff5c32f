namespace Bee.Telemetry.Logs;

/// <summary>Sends log records to one receiver. Used by one thread at a time.</summary>
internal interface ILogTransport : IDisposable
{
    /// <summary>The receiver, for messages. Contains no secret.</summary>
    string Destination { get; }

    /// <summary>Tries once to send a batch.</summary>
    /// <param name="batch">The records in order, at least one.</param>
    /// <param name="cancellationToken">Cancels the attempt. The transport may then throw <see cref="OperationCanceledException"/>.</param>
    /// <returns>The result. Expected failures are results, not exceptions.</returns>
    Task<SendResult> SendAsync(IReadOnlyList<LogRecord> batch, CancellationToken cancellationToken);
}

/// <summary>The result of an attempt to send a batch.</summary>
/// <param name="Settled">The number of records, from the first on, that were accepted or rejected. The rest can be sent again.</param>
/// <param name="Refused">The number of settled records that the receiver rejected permanently.</param>
/// <param name="RetryAfter">The pause that the receiver asks for before the rest is sent; null if it asks for none.</param>
/// <param name="Reason">Why not all were accepted, as one sentence without secrets; null if all were.</param>
internal readonly record struct SendResult(int Settled, int Refused, TimeSpan? RetryAfter, string? Reason)
{
    /// <summary>Returns a result: the receiver accepted all records.</summary>
    /// <param name="count">The length of the batch.</param>
    public static SendResult Delivered(int count) => new(count, 0, null, null);

    /// <summary>Returns a result: the rest can be sent again.</summary>
    /// <param name="reason">The reason, as one sentence.</param>
    /// <param name="after">The pause that the receiver asks for; null for none.</param>
    /// <param name="settled">The number of settled records, from the first on.</param>
    public static SendResult Retry(string reason, TimeSpan? after = null, int settled = 0) => new(settled, 0, after, reason);

    /// <summary>Returns a result: the receiver rejected some records permanently and accepted the others.</summary>
    /// <param name="count">The length of the batch.</param>
    /// <param name="refused">The number of rejected records.</param>
    /// <param name="reason">The reason, as one sentence.</param>
    public static SendResult Rejected(int count, int refused, string reason) => new(count, refused, null, reason);
}
