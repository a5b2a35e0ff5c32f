using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets.Maps;

/// <summary>Removes entries from a map, or values from a queue or stack.</summary>
[Cmdlet(VerbsCommon.Remove, "BeeMapEntry", DefaultParameterSetName = ByInput, SupportsShouldProcess = true)]
[OutputType(typeof(MapEntry))]
public sealed class RemoveMapEntryCommand : ChangeMapCmdlet
{
    private const string Every = "All", EveryOfMap = "MapAll";

    /// <summary>The map's name. Without it, each entry must have a MapName.</summary>
    [Parameter(Position = 0, ParameterSetName = ByInput)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ByKey)]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = Every)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MapNameCompleter))]
    public string? Name { get; set; }

    /// <summary>The sessions to search for the map: names or ids; wildcards are allowed. By default all.</summary>
    [Parameter(Position = 1, ParameterSetName = ByInput)]
    [Parameter(Position = 1, ParameterSetName = ByKey)]
    [Parameter(Position = 1, ParameterSetName = Every)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public override string[] Program { get; set; } = ["*"];

    /// <summary>A map from Get-BeeMap.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndInput)]
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndKey)]
    [Parameter(Mandatory = true, ParameterSetName = EveryOfMap, ValueFromPipeline = true)]
    [ValidateNotNull]
    public MapInfo? Map { get; set; }

    /// <summary>Entries from Get-BeeMapEntry, hashtables or objects with Key or the key's fields, or keys alone.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByInput, ValueFromPipeline = true)]
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndInput, ValueFromPipeline = true)]
    [ValidateNotNull]
    public object? InputObject { get; set; }

    /// <summary>The keys: numbers, text, or hashtables by field name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByKey)]
    [Parameter(Mandatory = true, ParameterSetName = ByMapAndKey)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MapKeyCompleter))]
    public object[] Key { get; set; } = [];

    /// <summary>Removes all entries, or all values of a queue or stack, unless -Count limits their number.</summary>
    [Parameter(Mandatory = true, ParameterSetName = Every)]
    [Parameter(Mandatory = true, ParameterSetName = EveryOfMap)]
    public SwitchParameter All { get; set; }

    /// <summary>With -All: the maximum number of entries to remove. A queue or stack removes those that come out first.</summary>
    [Parameter(ParameterSetName = Every)]
    [Parameter(ParameterSetName = EveryOfMap)]
    [ValidateRange(1, long.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public long Count { get; set; } = long.MaxValue;

    /// <summary>Returns the removed entries.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case ByKey or ByMapAndKey:
                foreach (object key in Key)
                {
                    Remove(Writers.Find(Map, Name, null, Program), PlainValue.Of(key), key);
                }

                break;
            case Every or EveryOfMap:
                RemoveAll();
                break;
            default:
                object? entry = PlainValue.Of(InputObject);
                Remove(Writers.Find(Map, Name, entry, Program), entry, InputObject);
                break;
        }
    }

    private void Remove(MapWriter? writer, object? entry, object? target)
    {
        if (writer is null)
        {
            return;
        }

        Writers.Guard(writer, target, () =>
        {
            writer.Removable();
            // A hashtable from the pipeline is an entry. With -Key it contains the key's fields.
            bool isEntry = entry is MapEntry || (entry is IDictionary && ParameterSetName is not (ByKey or ByMapAndKey));
            byte[] key = isEntry ? writer.EncodeKeyOf(entry!) : writer.EncodeKey(entry);
            if (ShouldChange(writer, entry, "Remove entry"))
            {
                MapEntry? gone = PassThru ? writer.Find(key) : null;
                writer.Remove(key);
                Give(writer, gone);
            }
        });
    }

    private void RemoveAll()
    {
        if (Writers.Find(Map, Name, null, Program) is not { } writer)
        {
            return;
        }

        Writers.Guard(writer, writer.Map.Name, () =>
        {
            writer.Removable();
            bool some = Count < long.MaxValue;
            if (!ShouldProcess($"map {writer.Map.Name}", some ? $"Remove {Quantity.Of(Count, "entry", "entries")}" : "Remove all entries"))
            {
                return;
            }

            long removed = 0;
            if (writer.Map.Description.KeySize == 0)
            {
                foreach (MapEntry entry in writer.Take(Count))
                {
                    removed++;
                    Give(writer, PassThru ? entry : null);
                }
            }
            else
            {
                foreach (byte[] key in writer.Keys())
                {
                    if (removed == Count)
                    {
                        break;
                    }

                    MapEntry? gone = PassThru ? writer.Find(key) : null;
                    // Another process may have removed the entry first; then there is nothing to report.
                    if (writer.TryRemove(key))
                    {
                        removed++;
                        Give(writer, gone);
                    }
                }
            }

            WriteNote($"{writer.Map.Name}: {Quantity.Of(removed, "entry", "entries")} removed.");
        });
    }
}
