using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets.Maps;

/// <summary>Sets entries of a map: creates them, or gives them another value.</summary>
[Cmdlet(VerbsCommon.Set, "BeeMapEntry", DefaultParameterSetName = ByInput, SupportsShouldProcess = true)]
[OutputType(typeof(MapEntry))]
public sealed class SetMapEntryCommand : ChangeMapCmdlet
{
    private readonly Dictionary<MapWriter, List<EncodedEntry>> _replacements = [];
    private int _faults;

    /// <summary>The map's name. Without it each entry says in its MapName which map it is for.</summary>
    [Parameter(Position = 0, ParameterSetName = ByInput)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByKey)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByEntry)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MapNameCompleter))]
    public string? Name { get; set; }

    /// <summary>The programs whose maps can be meant: names or ids; wildcards are allowed. Without it all programs.</summary>
    [Parameter(Position = 1, ParameterSetName = ByInput)]
    [Parameter(Position = 1, ParameterSetName = ByKey)]
    [Parameter(ParameterSetName = ByEntry)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public override string[] Program { get; set; } = ["*"];

    /// <summary>The map, as Get-BeeMap gives it.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndInput)]
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndKey, ValueFromPipeline = true)]
    [ValidateNotNull]
    public MapInfo? Map { get; set; }

    /// <summary>
    /// Entries: as Get-BeeMapEntry gives them, or hashtables and objects with Key and Value or with their fields. For a queue or stack also values alone.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = ByInput, ValueFromPipeline = true)]
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndInput, ValueFromPipeline = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(MapEntryCompleter))]
    public object? InputObject { get; set; }

    /// <summary>One entry: Key and Value, or their fields, by name. Of global variables those that change.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ByEntry)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(MapEntryCompleter))]
    public IDictionary? Entry { get; set; }

    /// <summary>The key: a number, text, or a hashtable by field name. Maps without keys (queues, stacks, Bloom filters) take none.</summary>
    [Parameter(ParameterSetName = ByKey)]
    [Parameter(ParameterSetName = ByMapAndKey)]
    [ArgumentCompleter(typeof(MapKeyCompleter))]
    public object? Key { get; set; }

    /// <summary>The value: a number, text, a list, or a hashtable by field name; fields that are not named keep theirs. Of a map with one value for each CPU it becomes the total.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByKey)]
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndKey)]
    [AllowEmptyString]
    [ArgumentCompleter(typeof(MapValueCompleter))]
    public object? Value { get; set; }

    /// <summary>Only creates: a key that is there already is an error.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Only changes: a key that is not there is an error. A queue or stack that is full drops its oldest value.</summary>
    [Parameter]
    public SwitchParameter MustExist { get; set; }

    /// <summary>Makes the map hold the given entries and no others. Nothing is changed before all have come, nor when one of them is faulty.</summary>
    [Parameter(ParameterSetName = ByInput)]
    [Parameter(ParameterSetName = ByMapAndInput)]
    public SwitchParameter Replace { get; set; }

    /// <summary>Gives the entries as they are in the map afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if ((NoClobber ? 1 : 0) + (MustExist ? 1 : 0) + (Replace ? 1 : 0) > 1)
        {
            ThrowTerminatingError(ErrorRecords.From(new BeeInputException("ParametersExclude", "Of -NoClobber, -MustExist and -Replace only one has a sense at a time."), null));
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
            WriteError(new BeeInputException("NothingReplaced", $"Nothing was changed, because {_faults} of the entries could not be taken.", "Put them right, or set the good ones without -Replace."), Name);
            return;
        }

        if (_replacements.Count == 0)
        {
            WriteError(new BeeInputException("NothingReplaced", "Nothing was changed, because no entry came.", "Remove-BeeMapEntry -All empties a map."), Name);
        }

        foreach ((MapWriter writer, List<EncodedEntry> entries) in _replacements)
        {
            if (ShouldProcess($"map {writer.Map.Name}", $"Replace all entries by {entries.Count}"))
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
        : throw new BeeInputException("NotAnEntry", $"'{value}' is not an entry for the map {writer.Map.Name}.", $"Give an object or a hashtable with {string.Join(", ", writer.Names)}, or use -Key and -Value.");

    private void GiveBack(MapWriter writer, EncodedEntry entry) => Give(writer, PassThru ? writer.Find(entry.Key) : null);
}
