using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Delivery;

/// <summary>A gap in a stream: events of one map that are missing for one reason.</summary>
internal sealed class Gap(LossReason reason, string? tool, string? map)
{
    /// <summary>The number of missing events.</summary>
    public long Count { get; private set; }

    /// <summary>The sequence number of the last missing event.</summary>
    public long Last { get; private set; }

    /// <summary>When the last loss was noticed, in UTC.</summary>
    public DateTime Observed { get; private set; }

    /// <summary>Why the events are missing.</summary>
    public LossReason Reason => reason;

    /// <summary>The tool of the events; null if unknown.</summary>
    public string? Tool => tool;

    /// <summary>The map of the events; null if unknown.</summary>
    public string? Map => map;

    /// <summary>Extends the gap.</summary>
    public void Add(long count, long last, DateTime observed)
    {
        Count = Sum(Count, count);
        Last = Math.Max(Last, last);
        Observed = observed > Observed ? observed : Observed;
    }

    /// <summary>Returns the sum of two non-negative counts, at most <see cref="long.MaxValue"/>. Counts can come from captures, which are untrusted.</summary>
    public static long Sum(long one, long other) => one > long.MaxValue - other ? long.MaxValue : one + other;

    /// <summary>Converts the gap to a log record.</summary>
    public LogRecord ToRecord() => LogRecords.OfLoss(reason, tool, map, Count, Last, Observed);
}

/// <summary>The gaps at one position of a stream, one for each reason and map, so that their number is bounded.</summary>
internal sealed class LossLedger
{
    private readonly List<Gap> _gaps = [];

    /// <summary>The number of gaps.</summary>
    public int Count => _gaps.Count;

    /// <summary>Adds missing events.</summary>
    public void Add(LossReason reason, string? tool, string? map, long count, long last, DateTime observed)
    {
        foreach (Gap gap in _gaps)
        {
            if (gap.Reason == reason && gap.Tool == tool && gap.Map == map)
            {
                gap.Add(count, last, observed);
                return;
            }
        }

        var added = new Gap(reason, tool, map);
        added.Add(count, last, observed);
        _gaps.Add(added);
    }

    /// <summary>Adds a gap.</summary>
    public void Add(Gap gap) => Add(gap.Reason, gap.Tool, gap.Map, gap.Count, gap.Last, gap.Observed);

    /// <summary>Removes and returns all gaps, ordered by their last sequence number.</summary>
    public Gap[] Take()
    {
        Gap[] gaps = [.. _gaps];
        _gaps.Clear();
        Array.Sort(gaps, static (one, other) => one.Last.CompareTo(other.Last));
        return gaps;
    }
}
