using System.Diagnostics;

namespace Bee.Cmdlets.Fleet;

/// <summary>
/// How long the other machine may be silent before the connection counts as lost. On a busy machine or a slow network its signs of life arrive irregularly; then the limit is three times the longest recent
/// gap between them. Set from one thread, read from any.
/// </summary>
/// <param name="least">The limit while the gaps are short.</param>
internal sealed class SilenceLimit(TimeSpan least)
{
    private const int Factor = 3;
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(10);
    // A gap counts for one to two periods.
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(10);

    private long _longest;
    private long _longestBefore;
    private long _period = Stopwatch.GetTimestamp();

    /// <summary>The limit now.</summary>
    public TimeSpan Current
    {
        get
        {
            var adapted = TimeSpan.FromTicks(Factor * Math.Max(Volatile.Read(ref _longest), Volatile.Read(ref _longestBefore)));
            adapted = adapted < s_most ? adapted : s_most;
            return adapted > least ? adapted : least;
        }
    }

    /// <summary>Notes a gap after which the other machine was heard again.</summary>
    public void Add(TimeSpan gap)
    {
        if (Stopwatch.GetElapsedTime(_period) > s_period)
        {
            Volatile.Write(ref _longestBefore, _longest);
            Volatile.Write(ref _longest, 0);
            _period = Stopwatch.GetTimestamp();
        }

        if (gap.Ticks > _longest)
        {
            Volatile.Write(ref _longest, gap.Ticks);
        }
    }
}
