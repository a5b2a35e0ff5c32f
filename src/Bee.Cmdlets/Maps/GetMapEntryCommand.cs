using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Maps;

/// <summary>Reads the entries of maps of background sessions.</summary>
[Cmdlet(VerbsCommon.Get, "BeeMapEntry", DefaultParameterSetName = "Name")]
[OutputType(typeof(MapEntry), typeof(Histogram))]
public sealed class GetMapEntryCommand : MapCmdlet
{
    /// <summary>Maps from Get-BeeMap.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Map", ValueFromPipeline = true)]
    [ValidateNotNull]
    public MapInfo[]? InputObject { get; set; }

    /// <summary>Sessions from Start-BeeProgram or Get-BeeProgram.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Session", ValueFromPipeline = true)]
    [ValidateNotNull]
    public BpfProgramSession[]? Session { get; set; }

    /// <summary>Returns histograms built from the slots of a map, instead of its entries. Without -Name, it reads the maps that are histograms by their name or metadata.</summary>
    [Parameter]
    public SwitchParameter Histogram { get; set; }

    /// <summary>The keys of the entries to read: numbers, text, or hashtables by field name. By default all entries.</summary>
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
            // Without a name, all readable maps are read. A ring buffer is an error only if the user named it.
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
                ? "Read its events with Invoke-BeeProgram or Receive-BeeEvent." : null);
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
            throw new BeeInputException("ProgramEnded", $"The session {map.Program} has ended, so its map {map.Name} no longer exists.", "Receive-BeeEvent returns the events that it buffered.");
        }
    }

    private void Find(MapInfo map, object given)
    {
        object? key = PlainValue.Of(given);
        WriteObject(map.Map.Find(key) ?? throw new BpfMapException(MapFault.NotFound, map.Name, $"Map '{map.Name}' does not have the key {EntryText.Of(key)}."));
    }

    private void ReadHistograms(MapInfo map)
    {
        try
        {
            WriteObject(map.Map.Histograms(), enumerateCollection: true);
        }
        catch (NotSupportedException error)
        {
            throw new BeeInputException("MapNotHistogram", error.Message, "Omit -Histogram to read its entries.");
        }
    }
}
