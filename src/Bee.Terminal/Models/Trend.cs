using System.Globalization;

namespace Bee.Terminal.Models;

/// <summary>The latest values of one number, drawn as a sparkline.</summary>
internal sealed class Trend
{
    private const int Length = 48;
    private const string Steps = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588";

    private readonly float[] _values = new float[Length];
    private int _next;
    private int _count;

    public void Add(double value)
    {
        _values[_next] = (float)value;
        _next = (_next + 1) % Length;
        _count = Math.Min(_count + 1, Length);
    }

    /// <summary>Returns the latest values, the newest at the right, each as high as its share of the largest. Zero is a blank.</summary>
    /// <param name="width">How many characters.</param>
    public string Draw(int width)
    {
        int shown = Math.Min(width, _count);
        float most = 0;
        for (int i = 0; i < shown; i++)
        {
            most = Math.Max(most, Math.Abs(At(i)));
        }

        return string.Create(width, (Trend: this, shown, most), static (text, state) =>
        {
            text.Fill(' ');
            for (int i = 0; i < state.shown; i++)
            {
                float value = Math.Abs(state.Trend.At(i));
                text[^(i + 1)] = value == 0 ? ' ' : Steps[Math.Clamp((int)(value / state.most * Steps.Length), 0, Steps.Length - 1)];
            }
        });
    }

    // From the newest.
    private float At(int back) => _values[(_next - 1 - back + (2 * Length)) % Length];
}

/// <summary>How fast a count grows: over the last two seconds, so that maps that are read once a second do not make it jump.</summary>
internal sealed class RateMeter
{
    private const long Span = 2000;

    private readonly Queue<(long Time, long Count)> _samples = [];

    /// <summary>Adds a sample and returns the rate a second.</summary>
    public double Of(long count, long now)
    {
        _samples.Enqueue((now, count));
        while (_samples.Count > 2 && now - _samples.Peek().Time > Span)
        {
            _samples.Dequeue();
        }

        (long time, long first) = _samples.Peek();
        return now > time ? Math.Max(0, count - first) * 1000.0 / (now - time) : 0;
    }
}

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

/// <summary>Numbers in few characters.</summary>
internal static class ShortNumber
{
    private static readonly string[] s_units = ["", "k", "M", "G", "T", "P", "E"];

    /// <summary>Returns a number with three digits and a unit, such as 12.3k.</summary>
    /// <param name="value">The number.</param>
    public static string Of(double value)
    {
        double rest = Math.Abs(value);
        int unit = 0;
        while (rest >= 999.5 && unit < s_units.Length - 1)
        {
            rest /= 1000;
            unit++;
        }

        string format = rest >= 99.95 || (unit == 0 && rest == Math.Floor(rest)) ? "0" : rest >= 9.995 ? "0.#" : "0.##";
        return (value < 0 ? "-" : string.Empty) + rest.ToString(format, CultureInfo.InvariantCulture) + s_units[unit];
    }
}
