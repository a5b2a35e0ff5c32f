using System.Net.Http.Headers;

namespace Bee.Posix;

/// <summary>
/// Counts the failures of one piece of work over a network: the only place that says how often something is tried again, and how long to rest before. Pauses double and are
/// spread at random, so that many clients of a server that comes back do not come at once.
/// </summary>
/// <param name="attempts">How many failures are followed by another try.</param>
/// <param name="longestPause">The longest pause between two tries.</param>
internal sealed class Backoff(int attempts, TimeSpan longestPause)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause that a server can ask for; null for the longest of all.</summary>
    public TimeSpan? LongestAsked { get; init; }

    /// <summary>The failures since the work began, or last came on.</summary>
    public int Failures { get; private set; }

    /// <summary>Whether it was tried as often as allowed.</summary>
    public bool IsOver => Failures >= attempts;

    /// <summary>Forgets the failures: the work has come on.</summary>
    public void Reset() => Failures = 0;

    /// <summary>Counts a failure.</summary>
    /// <param name="asked">How long the server wants the rest to be; null for no wish.</param>
    /// <returns>How long to rest before the next try.</returns>
    public TimeSpan Next(TimeSpan? asked = null)
    {
        TimeSpan own = s_first * Math.Pow(2, Math.Min(Failures++, 16)) * (0.5 + Random.Shared.NextDouble());
        return asked is { } least ? Least(least + (own * 0.1), LongestAsked ?? longestPause) : Least(own, longestPause);
    }

    /// <summary>Counts a failure, and rests.</summary>
    /// <param name="cancellationToken">Ends the rest.</param>
    public Task RestAsync(CancellationToken cancellationToken) => Task.Delay(Next(), cancellationToken);

    /// <summary>Returns how long an answer asks to wait (<c>Retry-After</c>, RFC 9110, 10.2.3): from now, never negative; null if it does not.</summary>
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
