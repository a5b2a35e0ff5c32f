using System.Globalization;
using Bee.Posix;

namespace Bee.Ebpf.Programs;

/// <summary>Decides from windows of statistics whether programs cost too much: in three consecutive windows more than a share of the machine.</summary>
public sealed class OverheadLimit
{
    /// <summary>How many consecutive windows must exceed the limit.</summary>
    public const int Windows = 3;

    /// <summary>How long a window is.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly List<ProgramWindow> _over = [];

    /// <param name="share">The largest share of the time of all online CPUs, over 0 and up to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is something else.</exception>
    public OverheadLimit(double share)
    {
        if (!(share is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "A limit is over 0 and at most 1.");
        }

        Share = share;
    }

    /// <summary>The limit: a share of the time of all online CPUs, over 0 and up to 1.</summary>
    public double Share { get; }

    /// <summary>Judges the next window.</summary>
    /// <param name="window">The window.</param>
    /// <returns>The error if this is the third consecutive window over the limit; null otherwise.</returns>
    public OverheadException? Add(ProgramWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        if (!(window.ShareOfMachine > Share))
        {
            _over.Clear();
            return null;
        }

        _over.Add(window);
        return _over.Count == Windows ? new OverheadException(Share, [.. _over]) : null;
    }
}

/// <summary>The programs of a session cost more than they may, and were detached.</summary>
public sealed class OverheadException : BeeException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="limit">The limit: a share of the time of all online CPUs.</param>
    /// <param name="windows">The windows that exceeded it, the oldest first.</param>
    /// <param name="inner">Why the pins, which keep the programs attached, could not be removed; null if nothing keeps them.</param>
    public OverheadException(double limit, IReadOnlyList<ProgramWindow> windows, Exception? inner = null)
        : base("OverheadExceeded", Text(limit, windows, inner), "Give the programs less to do, such as one process or cgroup to watch, or allow them more.", inner)
    {
        Limit = limit;
        Windows = windows;
    }

    /// <summary>The limit: a share of the time of all online CPUs, over 0 and up to 1.</summary>
    public double Limit { get; }

    /// <summary>The windows that exceeded the limit, the oldest first, with the cost of each program.</summary>
    public IReadOnlyList<ProgramWindow> Windows { get; }

    private static string Text(double limit, IReadOnlyList<ProgramWindow> windows, Exception? inner)
    {
        ArgumentNullException.ThrowIfNull(windows);
        // Of one machine: CPUs that come or go meanwhile are rare, and each window has its own number.
        var cpus = windows.Count > 0 ? windows[^1].Cpus : 1;
        var programs = new List<string>();
        foreach (var program in windows.Count > 0 ? windows[^1].Programs.OrderByDescending(program => program.RunNanoseconds).ToArray() : [])
        {
            programs.Add($"{program.Program} {Percent(program.Share / cpus)} ({program.Rate.ToString("n0", CultureInfo.InvariantCulture)} runs/s)");
        }

        return $"The programs {(inner is null ? "were detached" : $"are still attached ({inner.Message}), and should not be")}, because they ran for more than {Percent(limit)} of the time of {Quantity.Of(cpus, "CPU")} in {windows.Count} consecutive windows: "
            + $"{string.Join(", ", windows.Select(window => $"{Percent(window.ShareOfMachine)} of {window.Elapsed.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)} s"))}. "
            + $"By program in the last one: {string.Join(", ", programs)}.";
    }

    // Three digits say enough; a number with an exponent would not be read.
    private static string Percent(double share) => $"{(share * 100).ToString(share >= 1e-5 ? "G3" : "0.########", CultureInfo.InvariantCulture)} %";
}
