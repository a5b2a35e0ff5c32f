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
