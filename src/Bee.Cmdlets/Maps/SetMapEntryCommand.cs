using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets.Maps;

/// <summary>Creates or changes entries of a map.</summary>
[Cmdlet(VerbsCommon.Set, "BeeMapEntry", DefaultParameterSetName = ByInput, SupportsShouldProcess = true)]
[OutputType(typeof(MapEntry))]
public sealed class SetMapEntryCommand : ChangeMapCmdlet
{
    private readonly Dictionary<MapWriter, List<EncodedEntry>> _replacements = [];
    private int _faults;

    /// <summary>The map's name. Without it, each entry must have a MapName.</summary>
    [Parameter(Position = 0, ParameterSetName = ByInput)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByKey)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByEntry)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MapNameCompleter))]
    public string? Name { get; set; }

    /// <summary>The sessions to search for the map: names or ids; wildcards are allowed. By default all.</summary>
    [Parameter(Position = 1, ParameterSetName = ByInput)]
    [Parameter(Position = 1, ParameterSetName = ByKey)]
    [Parameter(ParameterSetName = ByEntry)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public override string[] Program { get; set; } = ["*"];

    /// <summary>A map from Get-BeeMap.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndInput)]
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndKey, ValueFromPipeline = true)]
    [ValidateNotNull]
    public MapInfo? Map { get; set; }

    /// <summary>
    /// Entries from Get-BeeMapEntry, or hashtables or objects with Key and Value or their fields. For a queue or stack also values alone.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = ByInput, ValueFromPipeline = true)]
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndInput, ValueFromPipeline = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(MapEntryCompleter))]
    public object? InputObject { get; set; }

    /// <summary>One entry: Key and Value, or their fields, by name. For global variables, those to change.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ByEntry)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(MapEntryCompleter))]
    public IDictionary? Entry { get; set; }

    /// <summary>The key: a number, text, or a hashtable by field name. Maps without keys (queues, stacks, Bloom filters) accept none.</summary>
    [Parameter(ParameterSetName = ByKey)]
    [Parameter(ParameterSetName = ByMapAndKey)]
    [ArgumentCompleter(typeof(MapKeyCompleter))]
    public object? Key { get; set; }

    /// <summary>The value: a number, text, a list, or a hashtable by field name. Fields that are not named stay unchanged. In a per-CPU map it becomes the total.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByKey)]
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndKey)]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(MapValueCompleter))]
    public object? Value { get; set; }

    /// <summary>Creates only: an existing key is an error.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Changes only: a missing key is an error. A full queue or stack drops its oldest value.</summary>
    [Parameter]
    public SwitchParameter MustExist { get; set; }

    /// <summary>Replaces all entries of the map. Nothing changes until all entries have arrived, or if one of them is invalid.</summary>
    [Parameter(ParameterSetName = ByInput)]
    [Parameter(ParameterSetName = ByMapAndInput)]
    public SwitchParameter Replace { get; set; }

    /// <summary>Returns the entries as they are in the map afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if ((NoClobber ? 1 : 0) + (MustExist ? 1 : 0) + (Replace ? 1 : 0) > 1)
        {
            ThrowTerminatingError(ErrorRecords.From(new BeeInputException("ParametersExclude", "-NoClobber, -MustExist and -Replace exclude each other. Use one of them."), null));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName is ByKey or ByMapAndKey)
        {
            object? key = PlainValue.Of(Key);
            object? value = PlainValue.Of(Value);
            if (Writers.Find(Map, Name, null, Program) is { } one)
            {
                Set(one, Key, key ?? value, () => one.Encode(key, value));
            }

            return;
        }

        object? given = Entry ?? InputObject;
        object? entry = PlainValue.Of(given);
        if (Writers.Find(Map, Name, entry, Program) is not { } writer)
        {
            _faults++;
            return;
        }

        bool isEntry = entry is IDictionary or MapEntry;
        Set(writer, given, entry, () => isEntry ? writer.Encode(entry!) : ValueAlone(writer, entry));
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!Replace)
        {
            return;
        }

        if (_faults > 0)
        {
            WriteError(new BeeInputException("NothingReplaced", $"Nothing was changed, because {_faults} of the entries are invalid.", "Correct them, or set the valid ones without -Replace."), Name);
            return;
        }

        if (_replacements.Count == 0)
        {
            WriteError(new BeeInputException("NothingReplaced", "Nothing was changed, because no entries arrived.", "To empty a map, use Remove-BeeMapEntry -All."), Name);
        }

        foreach ((MapWriter writer, List<EncodedEntry> entries) in _replacements)
        {
            if (ShouldProcess($"map {writer.Map.Name}", $"Replace all entries with {entries.Count}"))
            {
                Writers.Guard(writer, writer.Map.Name, () =>
                {
                    int removed = writer.Replace(entries);
                    WriteNote($"{writer.Map.Name}: {Quantity.Of(entries.Count, "entry", "entries")} written, {removed} removed.");
                    entries.ForEach(entry => GiveBack(writer, entry));
                });
            }
        }
    }

    private void Set(MapWriter writer, object? target, object? what, Func<EncodedEntry> encode)
    {
        bool done = Writers.Guard(writer, target, () =>
        {
            writer.Settable();
            EncodedEntry entry = encode();
            if (Replace)
            {
                if (!_replacements.TryGetValue(writer, out List<EncodedEntry>? entries))
                {
                    entries = _replacements[writer] = [];
                }

                entries.Add(entry);
            }
            else if (ShouldChange(writer, what, "Set entry"))
            {
                writer.Write(entry, NoClobber ? MapWriteMode.OnlyNew : MustExist ? MapWriteMode.OnlyExisting : MapWriteMode.Any);
                GiveBack(writer, entry);
            }
        });
        _faults += done ? 0 : 1;
    }

    private static EncodedEntry ValueAlone(MapWriter writer, object? value) => writer.NeedsNoKey
        ? writer.Encode(null, value)
        : throw new BeeInputException("NotAnEntry", $"'{value}' is not an entry for the map {writer.Map.Name}.", $"Pass an object or a hashtable with {string.Join(", ", writer.Names)}, or use -Key and -Value.");

    private void GiveBack(MapWriter writer, EncodedEntry entry) => Give(writer, PassThru ? writer.Find(entry.Key) : null);
}
