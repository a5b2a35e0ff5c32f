using System.Runtime.CompilerServices;

namespace Bee.Ebpf.Events;

/// <summary>What a reader does when a cursor has no further record.</summary>
internal enum CursorStep
{
    /// <summary>Read on: there are new records.</summary>
    Read,

    /// <summary>Rest for a millisecond. A reader that waits at once costs the traced program a wake-up for each record.</summary>
    Rest,

    /// <summary>Wait until the kernel reports new records.</summary>
    Wait,
}

/// <summary>
/// Walks the records of a buffer in place, one after the other. It sees the records that were there at the last <see cref="Refresh"/>. A record stays in the buffer until the
/// cursor has moved past it, so that a reader that stops early leaves the rest for the next one. Not thread-safe.
/// </summary>
internal abstract unsafe class RecordCursor : IDisposable
{
    /// <summary>A reader that found this part of the buffer full reads on without a rest.</summary>
    protected const ulong BusyPart = 4;

    protected const uint Discarded = 1u << 30, HeaderSize = 8;

    // Of ring buffers; perf buffers leave the range empty and give each record by NextSlow.
    protected byte* Data;
    protected ulong Mask, Position, Stop;

    /// <summary>Moves to the next record.</summary>
    /// <param name="record">Its first byte, valid until the next call.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <returns>False if all records of the last <see cref="Refresh"/> have been read.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryNext(out byte* record, out int length)
    {
        var position = Position;
        if (position < Stop)
        {
            var start = Data + (position & Mask);
            var header = Volatile.Read(ref *(uint*)start);
            // Neither still being written (the top bit) nor discarded.
            if (header < Discarded)
            {
                Position = position + (header + HeaderSize + 7 & ~7ul);
                record = start + HeaderSize;
                length = (int)header;
                return true;
            }
        }

        return NextSlow(out record, out length);
    }

    /// <summary>Looks for new records, and gives the space of those that were read back to the kernel.</summary>
    public abstract CursorStep Refresh();

    /// <summary>The longest time to wait for the kernel's report, in milliseconds; -1 for no limit.</summary>
    public virtual int LongestWait => -1;

    /// <summary>Whether records have come since the last <see cref="Refresh"/> that the kernel may not report. Another thread may call it while the reader waits.</summary>
    public virtual bool HasQuietRecords => false;

    /// <summary>Gives the space of the records that were read back to the kernel, and lets the buffer be closed.</summary>
    public abstract void Dispose();

    protected abstract bool NextSlow(out byte* record, out int length);
}
