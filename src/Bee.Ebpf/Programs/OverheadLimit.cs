using System.Globalization;
using Bee.Posix;

namespace Bee.Ebpf.Programs;

/// <summary>Decides whether programs cost too much: whether they exceed a share of the CPU time in three consecutive windows.</summary>
internal sealed class OverheadLimit
{
    /// <summary>The number of consecutive windows that must exceed the limit.</summary>
    public const int Windows = 3;

    /// <summary>The length of a window.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly List<ProgramWindow> _over = [];

    /// <param name="share">The largest share of the time of all online CPUs, greater than 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of range.</exception>
    public OverheadLimit(double share)
    {
        if (!(share is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "A limit must be greater than 0 and at most 1.");
        }

        Share = share;
    }

    /// <summary>The limit: a share of the time of all online CPUs, greater than 0 and at most 1.</summary>
    public double Share { get; }

    /// <summary>Compares the next window with the limit.</summary>
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

/// <summary>The programs of a session exceeded their CPU limit and were detached.</summary>
public sealed class OverheadException : BeeException
{
    private OverheadException(string message, double limit, IReadOnlyList<ProgramWindow> windows, Exception? inner)
        : base("OverheadExceeded", message, "Restrict the programs, for instance to one process or control group, or raise the limit.", inner)
    {
        Limit = limit;
        Windows = windows;
    }

    /// <summary>The limit: a share of the time of all online CPUs, greater than 0 and at most 1.</summary>
    public double Limit { get; }

    /// <summary>The windows that exceeded the limit, oldest first, with the cost of each program.</summary>
    public IReadOnlyList<ProgramWindow> Windows { get; }

    /// <summary>Returns the exception, with the figures in its message.</summary>
    /// <param name="limit">The limit: a share of the time of all online CPUs.</param>
    /// <param name="windows">The windows that exceeded it, oldest first; at least one.</param>
    /// <param name="inner">The reason why the programs could not be detached; null if they were detached.</param>
    internal static OverheadException Of(double limit, IReadOnlyList<ProgramWindow> windows, Exception? inner = null)
    {
        // The number of online CPUs can differ between windows; the last one is shown.
        var cpus = windows[^1].Cpus;
        var programs = windows[^1].Programs.OrderByDescending(program => program.RunNanoseconds)
            .Select(program => $"{program.Program} {Percent(program.Share / cpus)} ({program.Rate.ToString("n0", CultureInfo.InvariantCulture)} runs/s)");
        return new OverheadException(
            $"The programs {(inner is null ? "were" : "could not be")} detached{(inner is null ? "" : $" ({inner.Message})")}. They used more than {Percent(limit)} of the CPU time of {Quantity.Of(cpus, "CPU")} in {windows.Count} consecutive windows: "
            + $"{string.Join(", ", windows.Select(window => $"{Percent(window.ShareOfMachine)} of {window.Elapsed.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)} s"))}. "
            + $"By program in the last one: {string.Join(", ", programs)}.",
            limit,
            windows,
            inner);
    }

    // Three significant digits, without an exponent.
    private static string Percent(double share) => $"{(share * 100).ToString(share >= 1e-5 ? "G3" : "0.########", CultureInfo.InvariantCulture)} %";
}
