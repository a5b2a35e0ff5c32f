namespace Bee.Telemetry.Delivery;

/// <summary>What happens to an event if the queue is full.</summary>
public enum WhenFull
{
    /// <summary>
    /// The caller waits for room, but not for a receiver that is down: after <see cref="DeliveryOptions.Retries"/> failed attempts, new events are dropped until the receiver accepts one again.
    /// </summary>
    Block,

    /// <summary>The new event is dropped.</summary>
    DropNewest,

    /// <summary>The oldest event is dropped.</summary>
    DropOldest,
}

/// <summary>The queue, the batches and the retries of an <see cref="EventLog"/>.</summary>
public sealed record DeliveryOptions
{
    /// <summary>What happens to an event if the queue is full. The default drops the oldest.</summary>
    public WhenFull WhenFull { get; init; } = WhenFull.DropOldest;

    /// <summary>The maximum number of waiting events, 1 or more. The batch that is being sent is not counted.</summary>
    public int QueueSize { get; init; } = 10_000;

    /// <summary>The maximum number of records in a batch, 1 or more.</summary>
    public int BatchSize { get; init; } = 512;

    /// <summary>How long the first event of a batch waits for more.</summary>
    public TimeSpan BatchDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The number of consecutive failed attempts after which the receiver counts as down. Attempts continue until the log is closed.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>The longest pause between two attempts.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>The numbers of events by outcome.</summary>
/// <param name="Written">The number of events that were written.</param>
/// <param name="Delivered">The number that the receiver accepted.</param>
/// <param name="Dropped">The number dropped because the queue was full.</param>
/// <param name="Refused">The number that the receiver rejected permanently.</param>
/// <param name="Undelivered">The number left when the time limit of the last flush passed; 0 before the end.</param>
public readonly record struct DeliveryCounts(long Written, long Delivered, long Dropped, long Refused, long Undelivered)
{
    /// <summary>The number that did not and will not reach the receiver.</summary>
    public long Missing => Dropped + Refused + Undelivered;
}
