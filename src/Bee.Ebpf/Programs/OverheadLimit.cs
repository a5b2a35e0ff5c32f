using System.Globalization;
using Bee.Posix;

namespace Bee.Ebpf.Programs;

/// <summary>Decides from windows of statistics whether programs cost too much: in three consecutive windows more than a share of the machine.</summary>
internal sealed class OverheadLimit
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
        return _over.Count == Windows ? OverheadException.Of(Share, [.. _over]) : null;
    }
}

/// <summary>The programs of a session cost more than they may, and were detached.</summary>
public sealed class OverheadException : BeeException
{
    private OverheadException(string message, double limit, IReadOnlyList<ProgramWindow> windows, Exception? inner)
        : base("OverheadExceeded", message, "Give the programs less to do, such as one process or cgroup to watch, or allow them more.", inner)
    {
        Limit = limit;
        Windows = windows;
    }

    /// <summary>The limit: a share of the time of all online CPUs, over 0 and up to 1.</summary>
    public double Limit { get; }

    /// <summary>The windows that exceeded the limit, the oldest first, with the cost of each program.</summary>
    public IReadOnlyList<ProgramWindow> Windows { get; }

    /// <summary>Makes the exception, with the figures in its message.</summary>
    /// <param name="limit">The limit: a share of the time of all online CPUs.</param>
    /// <param name="windows">The windows that exceeded it, the oldest first; one at least.</param>
    /// <param name="inner">Why the programs could not be detached; null if they were.</param>
    internal static OverheadException Of(double limit, IReadOnlyList<ProgramWindow> windows, Exception? inner = null)
    {
        // Each window has its own number of CPUs, which hardly ever changes meanwhile.
        var cpus = windows[^1].Cpus;
        var programs = windows[^1].Programs.OrderByDescending(program => program.RunNanoseconds)
            .Select(program => $"{program.Program} {Percent(program.Share / cpus)} ({program.Rate.ToString("n0", CultureInfo.InvariantCulture)} runs/s)");
        return new OverheadException(
            $"The programs {(inner is null ? "were detached" : $"are still attached ({inner.Message}), and should not be")}, because they ran for more than {Percent(limit)} of the time of {Quantity.Of(cpus, "CPU")} in {windows.Count} consecutive windows: "
            + $"{string.Join(", ", windows.Select(window => $"{Percent(window.ShareOfMachine)} of {window.Elapsed.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)} s"))}. "
            + $"By program in the last one: {string.Join(", ", programs)}.",
            limit,
            windows,
            inner);
    }

    // Three digits say enough; a number with an exponent would not be read.
    private static string Percent(double share) => $"{(share * 100).ToString(share >= 1e-5 ? "G3" : "0.########", CultureInfo.InvariantCulture)} %";
}
