using System.Management.Automation;
using Bee.Oci.Transfer;

namespace Bee.Cmdlets;

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
