namespace Bee.Telemetry.Collection;

/// <summary>The totals of one combination of labels, over all entries that have it.</summary>
internal sealed class Series(string[] labels, int cells)
{
    /// <summary>The labels' values.</summary>
    public string[] Labels { get; } = labels;

    /// <summary>Cumulative totals, modulo 2^64.</summary>
    public ulong[] Totals { get; } = new ulong[cells];

    /// <summary>The sums over the entries of the current pass, for gauges.</summary>
    public Int128[] Levels { get; } = new Int128[cells];

    /// <summary>When the totals began.</summary>
    public DateTime Created { get; set; }

    /// <summary>How many entries the map has with these labels.</summary>
    public int Living { get; set; }

    /// <summary>When the last entry was found deleted; null while there are entries.</summary>
    public DateTime? Died { get; set; }

    /// <summary>The hash of the key of the first entry.</summary>
    public int FirstKey { get; set; }

    /// <summary>Whether entries of several keys have been added up.</summary>
    public bool IsShared { get; set; }

    /// <summary>Whether this is the series of all keys beyond the limit.</summary>
    public bool IsOverflow { get; init; }
}
