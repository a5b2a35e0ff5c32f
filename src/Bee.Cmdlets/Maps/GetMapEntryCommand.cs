using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Maps;

/// <summary>Reads the entries of maps of programs that run in the background.</summary>
[Cmdlet(VerbsCommon.Get, "BeeMapEntry", DefaultParameterSetName = "Name")]
[OutputType(typeof(MapEntry), typeof(Histogram))]
public sealed class GetMapEntryCommand : MapCmdlet
{
    /// <summary>Maps, as Get-BeeMap gives them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Map", ValueFromPipeline = true)]
    [ValidateNotNull]
    public MapInfo[]? InputObject { get; set; }

    /// <summary>Programs, as Start-BeeProgram and Get-BeeProgram give them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Session", ValueFromPipeline = true)]
    [ValidateNotNull]
    public BpfProgramSession[]? Session { get; set; }

    /// <summary>Gives the histograms that the slots of a map make, in place of its entries. Without a name the maps are meant that are histograms by their name or manifest.</summary>
    [Parameter]
    public SwitchParameter Histogram { get; set; }

    /// <summary>Only the entries with these keys: numbers, text, or hashtables by field name. The others are not read.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MapKeyCompleter))]
    public object[]? Key { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool all = Name is ["*"] && !MyInvocation.BoundParameters.ContainsKey(nameof(Name));
        foreach (MapInfo map in InputObject ?? new MapSelector(this).Select(Name, Session ?? new SessionSelector(this).Select(Program)))
        {
            // Without a name the readable ones are meant; a ring that was named is an error.
            if ((map.CanRead && (!Histogram || map.Role == MapRole.Histogram)) || !all || InputObject is not null)
            {
                Guard(map, () => Read(map));
            }
        }
    }

    private void Read(MapInfo map)
    {
        if (!map.CanRead || map.Map.EntryType is not { } type)
        {
            throw new BeeInputException("MapNotReadable", $"The map {map.Name} is a {map.Type}, which has no entries to read. {map.Map.WhyUnreadable}", map.Map.Description.IsEventStream
                ? "Invoke-BeeProgram and Receive-BeeEvent give its events." : null);
        }

        try
        {
            if (Histogram)
            {
                ReadHistograms(map);
                return;
            }

            EventViews.Register(this, type);
            StackNames.WarnIfHidden(this, [type]);
            if (Key is not null)
            {
                Array.ForEach(Key, key => Guard(key, () => Find(map, key)));
                return;
            }

            foreach (MapEntry entry in map.Map.Entries())
            {
                CommandRuntime.WriteObject(entry);
            }
        }
        catch (ObjectDisposedException)
        {
            throw new BeeInputException("ProgramEnded", $"The program {map.Program} has ended, and its map {map.Name} with it.", "Receive-BeeEvent gives what it reported.");
        }
    }

    private void Find(MapInfo map, object given)
    {
        object? key = PlainValue.Of(given);
        WriteObject(map.Map.Find(key) ?? throw new BpfMapException(MapFault.NotFound, map.Name, $"Map '{map.Name}' has no such key: {EntryText.Of(key)}."));
    }

    private void ReadHistograms(MapInfo map)
    {
        try
        {
            WriteObject(map.Map.Histograms(), enumerateCollection: true);
        }
        catch (NotSupportedException error)
        {
            throw new BeeInputException("MapNotHistogram", error.Message, "Without -Histogram its entries are given as they are.");
        }
    }
}
