using System.Globalization;

namespace Bee.Terminal.Models;

/// <summary>Keeps the latest values of a number and draws them as a sparkline.</summary>
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

    /// <summary>Returns the latest values as bars relative to the largest, the newest at the right. Zero is a space.</summary>
    /// <param name="width">The number of characters.</param>
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

    // Counts back from the newest value.
    private float At(int back) => _values[(_next - 1 - back + (2 * Length)) % Length];
}

/// <summary>Measures the growth rate of a count over the last two seconds, which smooths maps that are polled once a second.</summary>
internal sealed class RateMeter
{
    private const long Span = 2000;

    private readonly Queue<(long Time, long Count)> _samples = [];

    /// <summary>Adds a sample and returns the rate per second.</summary>
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

/// <summary>Assigns entries to passes over a map by their arrival: the entries of a pass arrive together, and passes start at an interval.</summary>
internal sealed class PassClock
{
    private readonly long _interval;
    private long _start = -1;

    /// <param name="interval">The poll interval in milliseconds.</param>
    public PassClock(long interval) => _interval = Math.Max(10, interval);

    /// <summary>The number of the current pass, from 0.</summary>
    public int Number { get; private set; } = -1;

    /// <summary>The time between the last two passes, in seconds; 0 in the first pass.</summary>
    public double Seconds { get; private set; }

    /// <summary>Returns whether an entry that arrived at a time starts a new pass.</summary>
    public bool Begins(long arrived)
    {
        if (_start >= 0 && arrived - _start <= _interval / 2)
        {
            return false;
        }

        Begin(arrived);
        return true;
    }

    /// <summary>Returns whether a pass is overdue, and counts it. A pass without changes returns no entries.</summary>
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

/// <summary>Formats numbers in few characters.</summary>
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
