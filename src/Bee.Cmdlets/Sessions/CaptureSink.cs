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

/// <summary>Writes events to a capture before another sink receives them.</summary>
/// <param name="writer">Writes the capture.</param>
/// <param name="next">Receives losses and notices, and with <paramref name="passThru"/> the events.</param>
/// <param name="passThru">Whether the events are passed on.</param>
/// <param name="maxEvents">The number of events to capture if they are not passed on; 0 for no limit.</param>
/// <param name="cancellationToken">Cancels the wait for a slow disk.</param>
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
            // Ends the reader, so that the programs are detached before the capture is completed.
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

/// <summary>Creates captures from a user's path and limits, and reports their results.</summary>
internal static class CapturePath
{
    /// <summary>Returns the options of a capture.</summary>
    /// <param name="location">Resolves relative paths.</param>
    /// <param name="path">The file.</param>
    /// <param name="size">The maximum size of a file in bytes; null for one file without a limit.</param>
    /// <param name="files">The maximum number of files; null to keep all.</param>
    /// <param name="replace">Whether an existing capture is replaced.</param>
    /// <param name="sizeName">The name of the parameter of <paramref name="size"/>.</param>
    /// <param name="filesName">The name of the parameter of <paramref name="files"/>.</param>
    /// <exception cref="BeeInputException">A number of files was given without their size.</exception>
    public static CaptureOptions Options(ISessionLocation location, string path, long? size, int? files, bool replace, string sizeName, string filesName) => files is not null && size is null
        ? throw new BeeInputException("CaptureLimitMissing", $"-{filesName} {files} has no effect without a size limit, because everything is written to one file.", $"Set the size of a file with -{sizeName}.")
        : new CaptureOptions(location.FullPath(path)) { MaxSize = size, MaxFiles = files, Replace = replace };

    /// <summary>Creates the error for a limit without a capture.</summary>
    public static BeeInputException Missing(string parameter) =>
        new("CaptureLimitMissing", $"-{parameter} limits a capture, but -Capture is missing.", "Specify the file with -Capture.");

    /// <summary>Writes the result of a capture to the host's screen if the pipeline ended early and closed its streams: after Ctrl+C, or when a later command ended it.</summary>
    /// <param name="host">The host; null for none.</param>
    /// <param name="writer">A closed writer whose fault, if any, was reported.</param>
    public static void WriteEnd(PSHost? host, CaptureWriter writer)
    {
        if (writer.Fault is null)
        {
            host?.UI?.WriteLine(TerminalText.ShowLines(Describe(writer.Status)));
        }
    }

    /// <summary>Returns a sentence about the captured events.</summary>
    public static string Describe(CaptureFile done)
    {
        string removed = done.FilesRemoved > 0 ? $"; {Quantity.Of(done.EventsRemoved, "older event")} removed with {Quantity.Of(done.FilesRemoved, "file")}" : string.Empty;
        return $"Captured {Quantity.Of(done.Events, "event")} in {done.Path}; lost: {done.Lost?.ToString(CultureInfo.InvariantCulture) ?? "not counted"}{removed}.";
    }

    /// <summary>Creates the capture of streams, and records which of them count their losses.</summary>
    /// <param name="options">The options; null for no capture.</param>
    /// <param name="streams">The streams to capture.</param>
    /// <exception cref="CaptureException">The file exists and must not be replaced, or cannot be created.</exception>
    [return: NotNullIfNotNull(nameof(options))]
    public static CaptureWriter? Create(CaptureOptions? options, IReadOnlyList<RecordStream> streams)
    {
        CaptureWriter? writer = options is null ? null : CaptureWriter.Create(options);
        NoteCounted(writer, streams);
        return writer;
    }

    /// <summary>Records which streams count their losses, so that a capture without losses reports 0 and not "unknown".</summary>
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
