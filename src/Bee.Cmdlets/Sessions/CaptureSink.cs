using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Management.Automation.Host;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Sessions;

/// <summary>Captures what is read, before another sink gets it.</summary>
/// <param name="writer">Writes the capture.</param>
/// <param name="next">Gets losses and notices, and with <paramref name="passThru"/> the events.</param>
/// <param name="passThru">Whether the events are passed on.</param>
/// <param name="maxEvents">How many events to capture if they are not passed on; 0 for no limit.</param>
/// <param name="cancellationToken">Ends the wait for a disk that is slower than the events.</param>
internal sealed class CaptureSink(CaptureWriter writer, IEventSink next, bool passThru, long maxEvents, CancellationToken cancellationToken) : IEventSink
{
    private long _left = maxEvents;

    bool IEventSink.Event(BpfEvent e)
    {
        try
        {
            writer.Write(e, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The reader ends, and the programs are detached before the disk is waited for once more.
            return false;
        }

        return passThru ? next.Event(e) : --_left != 0;
    }

    void IEventSink.Notice(string map, string text) => next.Notice(map, text);

    void IEventSink.Lost(string map, ulong count)
    {
        try
        {
            writer.WriteLost(map, count, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The stream keeps the sum, and the reader ends.
        }

        next.Lost(map, count);
    }
}

/// <summary>The path and the limits of a capture, as a user gives them.</summary>
internal static class CapturePath
{
    /// <summary>Returns where a capture is written.</summary>
    /// <param name="location">Where a relative path is meant from.</param>
    /// <param name="path">The file.</param>
    /// <param name="size">The bytes of a file; null for one file without a limit.</param>
    /// <param name="files">The number of files; null to keep all.</param>
    /// <param name="replace">Whether a capture that exists is replaced.</param>
    /// <param name="sizeName">The name of the parameter of <paramref name="size"/>.</param>
    /// <param name="filesName">The name of the parameter of <paramref name="files"/>.</param>
    /// <exception cref="BeeInputException">A number of files is given without their size.</exception>
    public static CaptureOptions Options(ISessionLocation location, string path, long? size, int? files, bool replace, string sizeName, string filesName) => files is not null && size is null
        ? throw new BeeInputException("CaptureLimitMissing", $"-{filesName} {files} limits the number of files, and one file without a limit is written.", $"-{sizeName} says after how many bytes the next file is begun.")
        : new CaptureOptions(location.FullPath(path)) { MaxSize = size, MaxFiles = files, Replace = replace };

    /// <summary>The error of a limit without a capture.</summary>
    public static BeeInputException Missing(string parameter) =>
        new("CaptureLimitMissing", $"-{parameter} limits a capture, and without -Capture none is written.", "-Capture takes the path of the file.");

    /// <summary>Writes on the screen what was captured, when the pipeline ended early and its streams with it: after Ctrl+C, or when a command behind has enough.</summary>
    /// <param name="host">The screen; null for none.</param>
    /// <param name="writer">A closed writer whose fault, if any, was reported.</param>
    public static void TellEnd(PSHost? host, CaptureWriter writer)
    {
        if (writer.Fault is null)
        {
            host?.UI?.WriteLine(TerminalText.ShowLines(Describe(writer.Status)));
        }
    }

    /// <summary>Says what was captured, in a sentence.</summary>
    public static string Describe(CaptureFile done)
    {
        string removed = done.FilesRemoved > 0 ? $"; {Quantity.Of(done.EventsRemoved, "older event")} removed with {Quantity.Of(done.FilesRemoved, "file")}" : string.Empty;
        return $"Captured {Quantity.Of(done.Events, "event")} in {done.Path}; lost: {done.Lost?.ToString(CultureInfo.InvariantCulture) ?? "not counted"}{removed}.";
    }

    /// <summary>Creates the capture of streams, and notes which of them count their losses.</summary>
    /// <param name="options">Where; null for no capture.</param>
    /// <param name="streams">What will be captured.</param>
    /// <exception cref="CaptureException">The file exists and is not to be replaced, or cannot be created.</exception>
    [return: NotNullIfNotNull(nameof(options))]
    public static CaptureWriter? Create(CaptureOptions? options, IReadOnlyList<RecordStream> streams)
    {
        CaptureWriter? writer = options is null ? null : CaptureWriter.Create(options);
        NoteCounted(writer, streams);
        return writer;
    }

    /// <summary>Notes which streams count their losses, so that a capture of such a stream says 0 and not that nothing is known.</summary>
    public static void NoteCounted(CaptureWriter? writer, IReadOnlyList<RecordStream> streams)
    {
        foreach (RecordStream stream in streams)
        {
            if (stream.Lost is not null)
            {
                writer?.WriteLost(stream.Name, 0);
            }
        }
    }
}
