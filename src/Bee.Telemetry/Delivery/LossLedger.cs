using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Delivery;

/// <summary>A gap in a stream: events of one map that are missing for one reason.</summary>
internal sealed class Gap(LossReason reason, string? tool, string? map)
{
    /// <summary>How many events are missing.</summary>
    public long Count { get; private set; }

    /// <summary>The number of the last of them.</summary>
    public long Last { get; private set; }

    /// <summary>When the last of them was noticed, in UTC.</summary>
    public DateTime Observed { get; private set; }

    /// <summary>Why they are missing.</summary>
    public LossReason Reason => reason;

    /// <summary>Their tool; null where it is not known.</summary>
    public string? Tool => tool;

    /// <summary>Their map; null where it is not known.</summary>
    public string? Map => map;

    /// <summary>Makes the gap larger.</summary>
    public void Add(long count, long last, DateTime observed)
    {
        Count = Sum(Count, count);
        Last = Math.Max(Last, last);
        Observed = observed > Observed ? observed : Observed;
    }

    /// <summary>Returns the sum, or the largest number if the sum is larger: counts come from captures too, which anyone can write. Neither may be negative.</summary>
    public static long Sum(long one, long other) => one > long.MaxValue - other ? long.MaxValue : one + other;

    /// <summary>Makes the log record.</summary>
    public LogRecord ToRecord() => LogRecords.OfLoss(reason, tool, map, Count, Last, Observed);
}

/// <summary>The gaps at one place of a stream, one for each reason and map: so there are never more of them than maps.</summary>
internal sealed class LossLedger
{
    private readonly List<Gap> _gaps = [];

    /// <summary>How many gaps there are.</summary>
    public int Count => _gaps.Count;

    /// <summary>Notes missing events.</summary>
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

    /// <summary>Notes a gap.</summary>
    public void Add(Gap gap) => Add(gap.Reason, gap.Tool, gap.Map, gap.Count, gap.Last, gap.Observed);

    /// <summary>Takes out all gaps, those that end first first.</summary>
    public Gap[] Take()
    {
        Gap[] gaps = [.. _gaps];
        _gaps.Clear();
        Array.Sort(gaps, static (one, other) => one.Last.CompareTo(other.Last));
        return gaps;
    }
}
