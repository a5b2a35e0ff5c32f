using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Telemetry.Pictures;

namespace Bee.Cmdlets.Events;

/// <summary>Draws the stacks of events and map entries as a flame graph.</summary>
[Cmdlet(VerbsData.Export, "BeeFlameGraph", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportFlameGraphCommand : BeeCmdlet
{
    private StackCollector? _stacks;

    /// <summary>Events and map entries.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string OutFile { get; set; } = string.Empty;

    /// <summary>What is written. Without it the ending of the file's name says it, and without a known ending it is Svg.</summary>
    [Parameter]
    public FlameGraphFormat? Format { get; set; }

    /// <summary>The picture's title. Without it the name of the map.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Title { get; set; }

    /// <summary>The fields with stacks, the outermost part first. Without it the only one, or the user's with the kernel's upon it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Stack { get; set; } = [];

    /// <summary>The field whose number is counted. Without it the number of an entry, and 1 for each event.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Value { get; set; }

    /// <summary>The fields that stand below the stacks; comm by default, where there is one.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[]? GroupBy { get; set; }

    /// <summary>Draws the outermost functions at the top.</summary>
    [Parameter]
    public SwitchParameter Inverted { get; set; }

    /// <summary>Leaves a file that is there as it is, with an error.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _stacks = new StackCollector(new StackOptions { Stacks = Stack, Value = Value, Groups = GroupBy, KeepsPlaces = Written == FlameGraphFormat.Pprof });
        End(() =>
        {
            // Before what may take hours.
            OutputFile.Check(FullPath(OutFile), NoClobber);
            if (Format is null && FlameGraphFormats.OfName(OutFile) is null && System.IO.Path.GetExtension(OutFile) is { Length: > 0 } ending)
            {
                WriteWarning($"'{OutFile}' will be an SVG picture, although its name ends in {ending}. Names that end in .svg, .folded, .txt, .pb.gz, .pb or .pprof choose the format, and so does -Format.");
            }
        });
    }

    /// <inheritdoc/>
    protected override void ProcessRecord() => End(() =>
    {
        switch (InputObject?.BaseObject)
        {
            case null:
                break;
            case BpfEvent item:
                Type type = item is TruncatedEvent truncated ? truncated.WholeType() : item.GetType();
                _stacks!.Add(item, EventFields.ShapeOf(type.FullName!));
                break;
            default:
                _stacks!.Add(InputObject.TypeNames.FirstOrDefault() ?? "", [.. EventFields.Own(InputObject).Select(property => KeyValuePair.Create(property.Name, EventText.Base(EventText.Wrapped(ValueOf(property)))))]);
                break;
        }
    });

    /// <inheritdoc/>
    protected override void EndProcessing() => End(() =>
    {
        StackProfile profile = _stacks!.Finish();
        Warn();
        string path = FullPath(OutFile);
        if (ShouldProcess(path, $"Write {Quantity.Of(profile.StackCount, "stack")} as {Written}"))
        {
            AtomicFile.Write(path, file => profile.Write(file, Written, new FlameGraphOptions { Title = Title, IsInverted = Inverted }), overwrite: !NoClobber);
            WriteObject(InvokeProvider.Item.Get([path], force: true, literalPath: true), enumerateCollection: true);
        }
    });

    private FlameGraphFormat Written => Format ?? FlameGraphFormats.OfName(OutFile) ?? FlameGraphFormat.Svg;

    private void Warn()
    {
        if (_stacks!.WithoutStack > 0)
        {
            WriteWarning($"{Quantity.Of(_stacks.WithoutStack, "object")} without a stack {(_stacks.WithoutStack == 1 ? "is" : "are")} left out.");
        }

        if (_stacks.Negative > 0)
        {
            WriteWarning($"{Quantity.Of(_stacks.Negative, "number")} below zero {(_stacks.Negative == 1 ? "counts" : "count")} as 0.");
        }

        if (_stacks.Missing.Count > 0)
        {
            WriteWarning($"Stacks are missing ({string.Join(", ", _stacks.Missing.Select(error => $"{error.Key}: {error.Value}"))}). EEXIST: another stack had the place in the program's map, and -MapSize gives it more; ENOENT: the map has the stack no longer.");
        }
    }

    // What is wrong with one object is wrong with all of its kind, so that nothing is drawn.
    private void End(Action work)
    {
        try
        {
            work();
        }
        catch (Exception error) when (ErrorRecords.IsExpected(error))
        {
            ThrowTerminatingError(ErrorRecords.From(error, OutFile));
        }
    }

    private static object? ValueOf(PSPropertyInfo property)
    {
        try
        {
            return property.Value;
        }
        catch (GetValueException)
        {
            return null;
        }
    }
}
