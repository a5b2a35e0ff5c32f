using System.Collections.Concurrent;
using System.Management.Automation;
using Bee.Cmdlets.Views;
using Bee.Oci.Registry;
using Bee.Oci.Transfer;

namespace Bee.Cmdlets.Base;

/// <summary>
/// What the libraries do on threads of their own ends here: the pipeline thread waits for it, shows its progress and writes its notes, and leaves it
/// behind when the pipeline is stopped.
/// </summary>
internal class PipelineWait(ICmdletStreams streams)
{
    // How long what was cancelled may take to clean up; after that it ends by itself, without anybody waiting.
    protected static readonly TimeSpan s_farewell = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentQueue<RegistryNote> _notes = new();

    /// <summary>Where notes and progress are written.</summary>
    protected ICmdletStreams Streams => streams;

    /// <summary>Where a library's notes go, from any thread.</summary>
    public void Note(RegistryNote note) => _notes.Enqueue(note);

    /// <summary>Runs work off the pipeline thread and waits for it; its notes, and how far it is, are written meanwhile.</summary>
    /// <param name="work">The work; its token is cancelled when the pipeline ends.</param>
    /// <param name="title">What is being done, for the progress record.</param>
    /// <param name="progress">How far it is; null where there is nothing to count.</param>
    /// <exception cref="PipelineStoppedException">The pipeline was stopped; within a second, whatever the work is waiting for.</exception>
    public T Wait<T>(Func<CancellationToken, Task<T>> work, string title = "", TransferProgress? progress = null)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Streams.Stop);
        Task<T> task = Task.Run(() => work(cancel.Token), CancellationToken.None);
        TransferMeter? meter = progress is null ? null : new TransferMeter(title, progress);
        try
        {
            Task<Task<T>> ended = Task.WhenAny(task);
            while (!ended.Wait(s_look, Streams.Stop))
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
            // Also reached when writing a note or a record has ended the pipeline: then the work still runs.
            if (!task.IsCompleted)
            {
                cancel.Cancel();
                Task.WhenAny(task).Wait(s_farewell, CancellationToken.None);
            }

            // Nobody else looks at what it failed with.
            _ = task.ContinueWith(static failed => _ = failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            if (meter?.End() is { } last && !Streams.Stop.IsCancellationRequested)
            {
                Streams.WriteProgress(last);
            }
        }
    }

    /// <summary>Writes what the libraries have noted: on the pipeline thread, where alone it may be written.</summary>
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

/// <summary>Makes progress records of a transfer's counters: bytes, rate and the time that remains, by what went in the last seconds.</summary>
internal sealed class TransferMeter(string title, TransferProgress progress, TimeProvider? clock = null)
{
    // Of Bee's own, so that a script's records are not replaced.
    private const int ActivityId = 0x0bee;

    // What is over in less needs no bar.
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(300);

    // The rate is that of this time: long enough to be calm, short enough to follow a line that slows down.
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly long _start = (clock ?? TimeProvider.System).GetTimestamp();
    private readonly Queue<(TimeSpan At, long Bytes)> _past = new();
    private bool _shown;

    /// <summary>The record of now; null as long as there is nothing worth showing.</summary>
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

    /// <summary>The record that takes the bar away; null where none was shown.</summary>
    public ProgressRecord? End() => _shown ? new ProgressRecord(ActivityId, title, "Done") { RecordType = ProgressRecordType.Completed } : null;
}
