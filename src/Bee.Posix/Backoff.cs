using System.Net.Http.Headers;

namespace Bee.Posix;

/// <summary>
/// Counts the failures of an operation over a network, and computes the pause before the next attempt. All retry loops of Bee use this class. Pauses double and are
/// randomized, so that clients of a server that recovers do not return at the same time.
/// </summary>
/// <param name="attempts">The number of failures that are retried.</param>
/// <param name="longestPause">The longest pause between two attempts.</param>
internal sealed class Backoff(int attempts, TimeSpan longestPause)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause that a server can request; null for no limit.</summary>
    public TimeSpan? LongestAsked { get; init; }

    /// <summary>The number of failures since the operation began or last made progress.</summary>
    public int Failures { get; private set; }

    /// <summary>Whether the allowed number of attempts has failed.</summary>
    public bool IsOver => Failures >= attempts;

    /// <summary>Resets the number of failures, because the operation made progress.</summary>
    public void Reset() => Failures = 0;

    /// <summary>Counts a failure.</summary>
    /// <param name="asked">The pause that the server requests; null if it requests none.</param>
    /// <returns>The pause before the next attempt.</returns>
    public TimeSpan Next(TimeSpan? asked = null)
    {
        TimeSpan own = s_first * Math.Pow(2, Math.Min(Failures++, 16)) * (0.5 + Random.Shared.NextDouble());
        return asked is { } least ? Least(least + (own * 0.1), LongestAsked ?? longestPause) : Least(own, longestPause);
    }

    /// <summary>Counts a failure, and waits for the pause.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public Task RestAsync(CancellationToken cancellationToken) => Task.Delay(Next(), cancellationToken);

    /// <summary>Returns the pause that an answer requests (<c>Retry-After</c>, RFC 9110, 10.2.3), never negative; null if it requests none.</summary>
    /// <param name="headers">The answer's headers.</param>
    public static TimeSpan? Asked(HttpResponseHeaders headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        if (headers.RetryAfter is not { } asked)
        {
            return null;
        }

        TimeSpan time = asked.Delta ?? (asked.Date is { } date ? date - DateTimeOffset.UtcNow : TimeSpan.Zero);
        return time > TimeSpan.Zero ? time : TimeSpan.Zero;
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
