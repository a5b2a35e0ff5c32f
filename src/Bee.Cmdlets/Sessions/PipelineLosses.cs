using Bee.Telemetry.Logs;

namespace Bee.Cmdlets.Sessions;

/// <summary>A number of events that are missing in a pipeline.</summary>
/// <param name="Reason">Why the events are missing.</param>
/// <param name="Tool">The events' tool; null if unknown.</param>
/// <param name="Map">The name of the events' map; null if unknown.</param>
/// <param name="Count">The number of events.</param>
internal readonly record struct PipelineLoss(LossReason Reason, string? Tool, string? Map, long Count);

/// <summary>
/// Reports the losses of cmdlets at the beginning of a pipeline to cmdlets at its end. Objects in the pipeline cannot do that, because other commands may stand in between. A pipeline runs on one thread, so
/// the listeners are kept per thread. Losses of a nested pipeline on the same thread, such as one in ForEach-Object, are reported too. A source reports a loss when it learns of it: after the events before the loss have passed, and before any later one.
/// </summary>
internal static class PipelineLosses
{
    [ThreadStatic]
    private static List<Listener>? s_listeners;

    /// <summary>Reports a loss to the listeners of this pipeline. Without a listener it is not recorded.</summary>
    public static void Add(PipelineLoss loss)
    {
        if (loss.Count > 0 && s_listeners is { } listeners)
        {
            Listener[] all;
            lock (listeners)
            {
                all = [.. listeners];
            }

            Array.ForEach(all, listener => listener.Report(loss));
        }
    }

    /// <summary>Listens until the result is disposed. Call it in BeginProcessing, because sources may lose events before the first one arrives.</summary>
    /// <param name="lost">Called on the pipeline's thread while another cmdlet runs, so it must not write to the pipeline.</param>
    public static IDisposable Listen(Action<PipelineLoss> lost)
    {
        List<Listener> listeners = s_listeners ??= [];
        var listener = new Listener(listeners, lost);
        lock (listeners)
        {
            listeners.Add(listener);
        }

        return listener;
    }

    private sealed class Listener(List<Listener> all, Action<PipelineLoss> lost) : IDisposable
    {
        private bool _isOver;

        public void Report(PipelineLoss loss)
        {
            if (!_isOver)
            {
                lost(loss);
            }
        }

        // A closed runspace disposes its cmdlets on another thread. Then the list disappears with its own thread.
        public void Dispose()
        {
            _isOver = true;
            lock (all)
            {
                all.Remove(this);
            }
        }
    }
}
