namespace Bee.Terminal.Models;

/// <summary>Tells the readings of a map apart by when their entries arrive: those of one reading come together, readings come at an interval.</summary>
internal sealed class PassClock
{
    private readonly long _interval;
    private long _start = -1;

    /// <param name="interval">The time between two readings, in milliseconds.</param>
    public PassClock(long interval) => _interval = Math.Max(10, interval);

    /// <summary>The number of the reading, from 0.</summary>
    public int Number { get; private set; } = -1;

    /// <summary>The time between this reading and the one before it, in seconds; 0 for the first.</summary>
    public double Seconds { get; private set; }

    /// <summary>Whether something that arrived at this time begins a reading.</summary>
    public bool Begins(long arrived)
    {
        if (_start >= 0 && arrived - _start <= _interval / 2)
        {
            return false;
        }

        Begin(arrived);
        return true;
    }

    /// <summary>Whether a reading is overdue: one that finds no change gives nothing. Counts it.</summary>
    public bool IsOverdue(long now)
    {
        if (_start < 0 || now - _start <= _interval * 3 / 2)
        {
            return false;
        }

        Begin(_start + _interval);
        return true;
    }

    private void Begin(long time)
    {
        Seconds = _start < 0 ? 0 : (time - _start) / 1000.0;
        _start = time;
        Number++;
    }
}
