using Bee.Telemetry.Logs;

namespace Bee.Cmdlets.Sessions;

/// <summary>Events that are missing in a pipeline.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Tool">The tool that reported them; null where it is not known.</param>
/// <param name="Map">The name of their map; null where it is not known.</param>
/// <param name="Count">How many.</param>
internal readonly record struct PipelineLoss(LossReason Reason, string? Tool, string? Map, long Count);

/// <summary>
/// Tells cmdlets at the end of a pipeline what those at its beginning have lost: only events travel in a pipeline, and other commands may stand between the two. A pipeline runs on one thread, so
/// the ledger is the thread's. Losses of a nested pipeline on the same thread, such as one in ForEach-Object, are reported too. A source reports a loss when it learns of it: after the events before the loss have passed, and before any later one.
/// </summary>
internal static class PipelineLosses
{
    [ThreadStatic]
    private static List<Listener>? s_listeners;

    /// <summary>Tells the cmdlets of this pipeline of a loss. Without a listener nothing is kept.</summary>
    public static void Add(PipelineLoss loss)
    {
        if (loss.Count > 0 && s_listeners is { } listeners)
        {
            Listener[] all;
            lock (listeners)
            {
                all = [.. listeners];
            }

            Array.ForEach(all, listener => listener.Tell(loss));
        }
    }

    /// <summary>Listens until the result is disposed. Call it in BeginProcessing: sources may lose events before the first one arrives.</summary>
    /// <param name="lost">Called on the pipeline's thread, while another cmdlet runs: it must not write to the pipeline.</param>
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

        public void Tell(PipelineLoss loss)
        {
            if (!_isOver)
            {
                lost(loss);
            }
        }

        // A runspace that is closed disposes of its cmdlets on another thread; then the list goes with its thread.
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
