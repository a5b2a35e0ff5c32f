namespace Bee.Telemetry.Delivery;

/// <summary>What happens to an event when the queue is full.</summary>
public enum WhenFull
{
    /// <summary>
    /// The caller waits for room. It does not wait for a receiver that is down: once <see cref="DeliveryOptions.Retries"/> tries have failed, new events are dropped until the receiver takes one again.
    /// </summary>
    Block,

    /// <summary>The event is dropped.</summary>
    DropNewest,

    /// <summary>The event that waits longest is dropped.</summary>
    DropOldest,
}

/// <summary>How events are delivered.</summary>
public sealed record DeliveryOptions
{
    /// <summary>What happens to an event when the queue is full.</summary>
    public WhenFull WhenFull { get; init; } = WhenFull.DropOldest;

    /// <summary>How many events wait at most. Those of the batch that is being sent come on top.</summary>
    public int QueueSize { get; init; } = 10_000;

    /// <summary>How many records a batch has at most.</summary>
    public int BatchSize { get; init; } = 512;

    /// <summary>How long the first event of a batch waits for others.</summary>
    public TimeSpan BatchDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>After how many failed tries in a row the receiver counts as down. It is tried on until the end.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The longest rest between two tries.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>What became of the events that were given to a queue.</summary>
/// <param name="Given">How many were given.</param>
/// <param name="Delivered">How many the receiver took.</param>
/// <param name="Dropped">How many were dropped because the queue was full.</param>
/// <param name="Refused">How many the receiver refused for good.</param>
/// <param name="Undelivered">How many were left when the time for the last flush was over; 0 before the end.</param>
public readonly record struct DeliveryCounts(long Given, long Delivered, long Dropped, long Refused, long Undelivered)
{
    /// <summary>How many did not and will not reach the receiver.</summary>
    public long Missing => Dropped + Refused + Undelivered;
}
