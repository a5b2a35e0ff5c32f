using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Telemetry.Pictures;

namespace Bee.Cmdlets.Events;

/// <summary>Draws the stacks in events and map entries as a flame graph.</summary>
[Cmdlet(VerbsData.Export, "BeeFlameGraph", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportFlameGraphCommand : BeeCmdlet
{
    private StackCollector? _stacks;

    /// <summary>Events and map entries.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [AllowNull]
    public PSObject? InputObject { get; set; }

    /// <summary>The output file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string OutFile { get; set; } = string.Empty;

    /// <summary>The format. By default the extension of the file's name decides, and Svg is used for an unknown one.</summary>
    [Parameter]
    public FlameGraphFormat? Format { get; set; }

    /// <summary>The picture's title. By default the map's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Title { get; set; }

    /// <summary>The stack fields, outermost first. By default the only one, or the user stack with the kernel stack on top.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] Stack { get; set; } = [];

    /// <summary>The field with the number to add up. By default the value of a map entry, and 1 for an event.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Value { get; set; }

    /// <summary>The fields that are drawn below the stacks. By default comm, if the objects have it.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[]? GroupBy { get; set; }

    /// <summary>Draws the outermost functions at the top.</summary>
    [Parameter]
    public SwitchParameter Inverted { get; set; }

    /// <summary>Fails if the file exists, instead of replacing it.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _stacks = new StackCollector(new StackOptions { Stacks = Stack, Value = Value, Groups = GroupBy, KeepsPlaces = Written == FlameGraphFormat.Pprof });
        End(() =>
        {
            // Checked first, because collecting the stacks may take hours.
            OutputFile.Check(FullPath(OutFile), NoClobber);
            if (Format is null && FlameGraphFormats.OfName(OutFile) is null && System.IO.Path.GetExtension(OutFile) is { Length: > 0 } ending)
            {
                WriteWarning($"'{OutFile}' will be an SVG picture, although its name ends in {ending}. To choose a format, use -Format, or a name that ends in .svg, .folded, .txt, .pb.gz, .pb or .pprof.");
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
            WriteWarning($"{Quantity.Of(_stacks.WithoutStack, "object")} without a stack {(_stacks.WithoutStack == 1 ? "was" : "were")} skipped.");
        }

        if (_stacks.Negative > 0)
        {
            WriteWarning($"{Quantity.Of(_stacks.Negative, "number")} below zero {(_stacks.Negative == 1 ? "was" : "were")} counted as 0.");
        }

        if (_stacks.Missing.Count > 0)
        {
            WriteWarning($"Stacks are missing ({string.Join(", ", _stacks.Missing.Select(error => $"{error.Key}: {error.Value}"))}). EEXIST: another stack occupies the slot in the tool's stack map; enlarge the map with -MapSize. ENOENT: the stack is no longer in the map.");
        }
    }

    // An error of one object applies to all objects of its kind, so it terminates the command.
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
