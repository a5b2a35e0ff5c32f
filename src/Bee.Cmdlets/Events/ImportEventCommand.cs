using System.Management.Automation;
using System.Text.RegularExpressions;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Events;

/// <summary>Gives the events of capture files.</summary>
[Cmdlet(VerbsData.Import, "BeeEvent")]
[OutputType(typeof(BpfEvent), typeof(MapEntry), typeof(CaptureFile))]
public sealed partial class ImportEventCommand : BeeCmdlet
{
    private long _left;

    /// <summary>The files; wildcards are allowed. Several come in the order of their names, in which numbers count by their value.</summary>
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

    /// <summary>Gives, instead of the events, where and when each file was written, and how many events and losses it has.</summary>
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
                    if (MaxEvents == 0 || _left > 0)
                    {
                        Guard(file, () => Import(file));
                    }
                }
            });
        }
    }

    private void Import(string path)
    {
        using var reader = CaptureReader.Open(path);
        if (Summary)
        {
            WriteObject(reader.Summarize());
            return;
        }

        EventUnpacker first = CaptureReader.FirstTypes(path);
        EventViews.Register(this, first.Shapes, first.Histograms);
        var pipeline = new PipelineSink(this, CommandRuntime, System.IO.Path.GetFileNameWithoutExtension(path), _left);
        var sink = new ImportSink(this, reader, first, pipeline);
        try
        {
            reader.Read(sink, Stop);
        }
        finally
        {
            _left -= sink.Count;
        }

        pipeline.WarnOfLosses();
        if (reader.EndsEarlyAt is { } offset)
        {
            WriteWarning($"The capture '{path}' ends early, at byte {offset}: its writer was killed, or still writes. The events before are complete.");
        }
    }

    // Digits get leading zeros, so that trace.10 comes behind trace.9.
    private static string Ordered(string path) => Numbers().Replace(path, match => match.Value.PadLeft(20, '0'));

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();

    // Makes the views of types that come later than with the first block.
    private sealed class ImportSink(ImportEventCommand cmdlet, CaptureReader reader, EventUnpacker first, IEventSink next) : IEventSink
    {
        private int _types;

        public long Count { get; private set; }

        bool IEventSink.Event(BpfEvent e)
        {
            if (reader.Unpacker.Shapes.Count + reader.Unpacker.Histograms.Count is var types && types != _types)
            {
                _types = types;
                Register();
            }

            Count++;
            return next.Event(e);
        }

        private void Register()
        {
            // Those of the first block have a common table.
            foreach (IRecordShape shape in reader.Unpacker.Shapes.Skip(first.Shapes.Count))
            {
                EventViews.Register(cmdlet, shape);
            }

            EventViews.Register(cmdlet, [], [.. reader.Unpacker.Histograms.Skip(first.Histograms.Count)]);
        }

        void IEventSink.Notice(string map, string text) => next.Notice(map, text);

        void IEventSink.Lost(string map, ulong count) => next.Lost(map, count);
    }
}
