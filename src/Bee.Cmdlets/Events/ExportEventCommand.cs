using System.Buffers;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Events;

/// <summary>Writes events from the pipeline to a capture file, which Import-BeeEvent reads.</summary>
[Cmdlet(VerbsData.Export, "BeeEvent", SupportsShouldProcess = true)]
[OutputType(typeof(CaptureFile), typeof(BpfEvent))]
public sealed class ExportEventCommand : BeeCmdlet
{
    // Losses before the first event.
    private readonly List<PipelineLoss> _early = [];
    private CaptureOptions? _options;
    private CaptureWriter? _writer;
    private IDisposable? _losses;
    private bool _hasRefused;
    private bool _hasReported;

    /// <summary>The file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("FilePath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>Events from Invoke-BeeProgram or Receive-BeeEvent, of one or several tools.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    /// <summary>The maximum size of a file, such as 100MB. After that a new file begins. The files are numbered: trace.1.beecap, trace.2.beecap.</summary>
    [Parameter]
    [ValidateRange(1 << 20, long.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public long? MaxSize { get; set; }

    /// <summary>The number of files to keep. The oldest are deleted. By default all are kept.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? MaxFiles { get; set; }

    /// <summary>Replaces the capture if it exists.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Passes the events on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        Try(() =>
        {
            CaptureOptions options = CapturePath.Options(this, Path, MaxSize, MaxFiles, Force, nameof(MaxSize), nameof(MaxFiles));
            CaptureWriter.Check(options);
            if (ShouldProcess(options.Path, "Export events"))
            {
                _options = options;
                _losses = PipelineLosses.Listen(AddLoss);
            }
        });
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (RemoteRecord.EventOf(InputObject) is not { } item)
        {
            _hasRefused = true;
            WriteError(NotAnEvent(InputObject), InputObject);
            return;
        }

        if (_options is not null)
        {
            Try(() => Add(item));
        }

        if (PassThru)
        {
            WriteObject(InputObject);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        _losses?.Dispose();
        if (_options is not null && (_writer is not null || !_hasRefused))
        {
            Try(() =>
            {
                _hasReported = true;
                CaptureFile done = Open(_options).Complete();
                if (!PassThru)
                {
                    WriteObject(done);
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // The engine does not run EndProcessing when the pipeline ends early.
        _losses?.Dispose();
        _writer?.Dispose();
        if (_writer is not null && !_hasReported)
        {
            _hasReported = true;
            CapturePath.WriteEnd(Host, _writer);
        }

        base.Dispose(disposing);
    }

    // The file is opened when the first event arrives: an earlier command of the pipeline may still read the capture that is replaced.
    private CaptureWriter Open(CaptureOptions options)
    {
        if (_writer is null)
        {
            _writer = CaptureWriter.Create(options);
            _early.ForEach(AddLoss);
            _early.Clear();
        }

        return _writer;
    }

    private void Add(BpfEvent item)
    {
        try
        {
            if (_writer is null)
            {
                // Checks the event first, so that no file is created for an event that a capture cannot hold.
                new EventPacker().Pack(item, new ArrayBufferWriter<byte>());
            }

            Open(_options!).Write(item, Stop);
        }
        catch (PackException e)
        {
            _hasRefused = true;
            WriteError(e, item);
        }
        catch (OperationCanceledException)
        {
            // The pipeline was stopped while it waited for a slow disk.
        }
    }

    private void AddLoss(PipelineLoss loss)
    {
        if (_writer is null)
        {
            _early.Add(loss);
            return;
        }

        try
        {
            _writer.WriteLost(loss.Map ?? loss.Tool ?? string.Empty, (ulong)loss.Count, Stop);
        }
        catch (Exception e) when (e is CaptureException or OperationCanceledException)
        {
            // Another cmdlet is running, so no error can be written here. The next event, or the end, reports the same fault.
        }
    }

    // Terminates the command on a fault of the file, because it cannot continue without it.
    private void Try(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is CaptureException or BeeInputException)
        {
            ThrowTerminatingError(ErrorRecords.From(e, Path));
        }
    }

    private static BeeInputException NotAnEvent(PSObject? item)
    {
        string type = item?.TypeNames.FirstOrDefault() ?? "null";
        string remedy = type.StartsWith("Selected.", StringComparison.Ordinal) ? "Select-Object makes copies with fewer properties. Use it after Export-BeeEvent -PassThru or after Import-BeeEvent."
            : type.StartsWith("Deserialized.", StringComparison.Ordinal) ? "The object is a copy from another process or from a file. Run Export-BeeEvent in the session that receives the events."
            : "Pass the output of Invoke-BeeProgram, Receive-BeeEvent, Get-BeeMapEntry or Import-BeeEvent.";
        return new BeeInputException("NotAnEvent", $"An object of type {type} is not an event, so a capture cannot store it.", remedy);
    }
}
