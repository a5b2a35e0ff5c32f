using System.Management.Automation;
using System.Text.RegularExpressions;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;
using Bee.Telemetry.Logs;

namespace Bee.Cmdlets.Events;

/// <summary>Reads events from capture files.</summary>
[Cmdlet(VerbsData.Import, "BeeEvent")]
[OutputType(typeof(BpfEvent), typeof(MapEntry), typeof(CaptureFile))]
public sealed partial class ImportEventCommand : BeeCmdlet
{
    // All files are opened before the first event is written: a later command of the pipeline may replace them.
    private readonly Queue<CaptureReader> _readers = new();
    private long _left;

    /// <summary>The files; wildcards are allowed. Several files are read in the order of their names, with numbers compared by value.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName", "PSPath")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Ends after this many events.</summary>
    [Parameter]
    [Alias("Count")]
    [ValidateRange(1, long.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public long MaxEvents { get; set; }

    /// <summary>Returns, instead of the events, one summary of each file: where and when it was written, and how many events and losses it has.</summary>
    [Parameter]
    public SwitchParameter Summary { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _left = MaxEvents;
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string path in Path)
        {
            Guard(path, () =>
            {
                foreach (string file in Files(path).OrderBy(Ordered, StringComparer.Ordinal))
                {
                    Guard(file, () => _readers.Enqueue(Open(file)));
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        while ((MaxEvents == 0 || _left > 0) && _readers.TryDequeue(out CaptureReader? reader))
        {
            using (reader)
            {
                Guard(reader.Info.Path, () => Import(reader));
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        while (_readers.TryDequeue(out CaptureReader? reader))
        {
            reader.Dispose();
        }

        base.Dispose(disposing);
    }

    private static CaptureReader Open(string path)
    {
        try
        {
            return CaptureReader.Open(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new BeeInputException("AccessDenied", e.Message, "Only root and the user who wrote a capture can read it. Run as that user, or ask the owner for a copy.", e);
        }
    }

    private void Import(CaptureReader reader)
    {
        if (Summary)
        {
            WriteObject(reader.Summarize());
        }
        else
        {
            Give(reader);
        }

        if (reader.EndsEarlyAt is { } offset)
        {
            WriteWarning($"The capture '{reader.Info.Path}' is cut off at byte {offset}: its writer was killed, the disk was full, or it is still being written. The events before that byte are complete.");
        }
    }

    private void Give(CaptureReader reader)
    {
        EventUnpacker first = reader.FirstTypes();
        EventViews.Register(this, first.Shapes, first.Histograms);
        var sink = new ImportSink(this, reader, first);
        try
        {
            reader.Read(sink, Stop);
        }
        finally
        {
            _left -= sink.Count;
        }

        sink.WarnOfLosses();
    }

    // Pads numbers with zeros, so that trace.10 sorts after trace.9.
    private static string Ordered(string path) => Numbers().Replace(path, match => match.Value.PadLeft(20, '0'));

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();

    // Writes events to the pipeline, and registers the views of types that appear after the first block.
    private sealed class ImportSink : IEventSink
    {
        private readonly ImportEventCommand _cmdlet;
        private readonly CaptureReader _reader;
        private readonly EventUnpacker _first;
        private readonly string _name;
        private readonly PipelineSink _pipeline;
        private int _types;

        public ImportSink(ImportEventCommand cmdlet, CaptureReader reader, EventUnpacker first)
        {
            (_cmdlet, _reader, _first) = (cmdlet, reader, first);
            _name = System.IO.Path.GetFileNameWithoutExtension(reader.Info.Path);
            _pipeline = new PipelineSink(cmdlet, cmdlet.CommandRuntime, _name, cmdlet._left);
        }

        private IEventSink Pipeline => _pipeline;

        public long Count { get; private set; }

        public void WarnOfLosses() => _pipeline.WarnOfLosses();

        bool IEventSink.Event(BpfEvent e)
        {
            if (_reader.Unpacker.Shapes.Count + _reader.Unpacker.Histograms.Count is var types && types != _types)
            {
                _types = types;
                Register();
            }

            Count++;
            return Pipeline.Event(e);
        }

        private void Register()
        {
            foreach (IRecordShape shape in _reader.Unpacker.Shapes)
            {
                if (_reader.Unpacker.ToolOf(shape) is { } tool)
                {
                    EventOrigins.Register(shape.ClrType, new EventOrigin(tool, shape.Metadata));
                }
            }

            // The types of the first block share one table.
            foreach (IRecordShape shape in _reader.Unpacker.Shapes.Skip(_first.Shapes.Count))
            {
                EventViews.Register(_cmdlet, shape);
            }

            EventViews.Register(_cmdlet, [], [.. _reader.Unpacker.Histograms.Skip(_first.Histograms.Count)]);
        }

        void IEventSink.Notice(string map, string text) => Pipeline.Notice(map, text);

        // A loss may come before the first event of its map. Then the types of the first block have the tool's name.
        void IEventSink.Lost(string map, ulong count) => _pipeline.AddLost(_reader.Unpacker.ToolOf(map) ?? _first.ToolOf(map) ?? _name, map, count);
    }
}
