using System.Collections.Concurrent;
using System.Management.Automation;
using Bee.Cmdlets.Views;
using Bee.Oci.Registry;
using Bee.Oci.Transfer;

namespace Bee.Cmdlets.Base;

/// <summary>
/// Waits on the pipeline thread for work that a library does on other threads. Meanwhile it writes the progress and notes of the work.
/// If the pipeline is stopped, it abandons the work.
/// </summary>
internal class PipelineWait(ICmdletStreams streams)
{
    // How long cancelled work may take to clean up. After that it ends by itself, and the pipeline does not wait for it.
    protected static readonly TimeSpan s_cleanupTimeout = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan s_pollInterval = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentQueue<RegistryNote> _notes = new();

    /// <summary>The streams for notes and progress.</summary>
    protected ICmdletStreams Streams => streams;

    /// <summary>Queues a note of a library. Thread-safe.</summary>
    public void Note(RegistryNote note) => _notes.Enqueue(note);

    /// <summary>Runs work on another thread and waits for it. Writes its notes and progress meanwhile.</summary>
    /// <param name="work">The work; its token is cancelled when the pipeline ends.</param>
    /// <param name="title">The activity of the progress record.</param>
    /// <param name="progress">The progress of the work; null if it cannot be measured.</param>
    /// <exception cref="PipelineStoppedException">The pipeline was stopped. It is thrown within a second, whatever the work waits for.</exception>
    public T Wait<T>(Func<CancellationToken, Task<T>> work, string title = "", TransferProgress? progress = null)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Streams.Stop);
        Task<T> task = Task.Run(() => work(cancel.Token), CancellationToken.None);
        TransferMeter? meter = progress is null ? null : new TransferMeter(title, progress);
        try
        {
            Task<Task<T>> ended = Task.WhenAny(task);
            while (!ended.Wait(s_pollInterval, Streams.Stop))
            {
                WriteNotes();
                if (meter?.Look() is { } record)
                {
                    Streams.WriteProgress(record);
                }
            }

            WriteNotes();
            return task.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (Streams.Stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            // Also reached if writing a note or a record ended the pipeline: then the work still runs.
            if (!task.IsCompleted)
            {
                cancel.Cancel();
                Task.WhenAny(task).Wait(s_cleanupTimeout, CancellationToken.None);
            }

            // Observes the exception of abandoned work, which would otherwise be unobserved.
            _ = task.ContinueWith(static failed => _ = failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            if (meter?.End() is { } last && !Streams.Stop.IsCancellationRequested)
            {
                Streams.WriteProgress(last);
            }
        }
    }

    /// <summary>Writes the queued notes. Call it on the pipeline thread, the only one that may write to the streams.</summary>
    public void WriteNotes()
    {
        while (_notes.TryDequeue(out RegistryNote? note))
        {
            if (note.IsWarning)
            {
                Streams.WriteWarning(note.Text);
            }
            else
            {
                Streams.WriteNote(note.Text);
            }
        }
    }
}

/// <summary>Turns the counters of a transfer into progress records with bytes, rate and remaining time. The rate is that of the last seconds.</summary>
internal sealed class TransferMeter(string title, TransferProgress progress, TimeProvider? clock = null)
{
    // An activity id of Bee's own, so that a script's progress records are not replaced.
    private const int ActivityId = 0x0bee;

    // Shorter transfers need no progress bar.
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(300);

    // The window of the rate: long enough for a steady number, short enough to show that a connection slows down.
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly long _start = (clock ?? TimeProvider.System).GetTimestamp();
    private readonly Queue<(TimeSpan At, long Bytes)> _past = new();
    private bool _shown;

    /// <summary>Returns the current record; null as long as there is nothing to show.</summary>
    public ProgressRecord? Look()
    {
        TimeSpan now = _clock.GetElapsedTime(_start);
        (long done, long total) = (progress.DoneBytes, progress.TotalBytes);
        _past.Enqueue((now, done));
        while (now - _past.Peek().At > s_window)
        {
            _past.Dequeue();
        }

        if (now < s_quiet)
        {
            return null;
        }

        _shown = true;
        double seconds = (now - _past.Peek().At).TotalSeconds;
        double rate = seconds > 0 ? Math.Max(0, done - _past.Peek().Bytes) / seconds : 0;
        string blobs = progress.TotalBlobs > 0 ? $", {progress.DoneBlobs} of {progress.TotalBlobs} blobs" : "";
        return new ProgressRecord(ActivityId, title, total == 0 ? "Reading manifests" : $"{ViewText.Size(done)} of {ViewText.Size(total)}{blobs}, {ViewText.Size((long)rate)}/s")
        {
            PercentComplete = total > 0 ? (int)Math.Clamp(done * 100 / total, 0, 100) : -1,
            SecondsRemaining = total > 0 && rate > 0 ? (int)Math.Min(int.MaxValue, Math.Max(0, total - done) / rate) : -1,
        };
    }

    /// <summary>Returns the record that removes the progress bar; null if none was shown.</summary>
    public ProgressRecord? End() => _shown ? new ProgressRecord(ActivityId, title, "Done") { RecordType = ProgressRecordType.Completed } : null;
}
