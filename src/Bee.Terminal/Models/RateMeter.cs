namespace Bee.Terminal.Models;

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
