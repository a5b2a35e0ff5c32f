using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Programs;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Containers;
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
    private ContainerLimit? _limit;
    private ContainerLease? _containers;

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

    /// <summary>Returns only entries of containers with these names or ids; wildcards are allowed. The key or value must say where an entry happened.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    public string[]? Container { get; set; }

    /// <summary>Returns only entries of containers of Kubernetes pods with these names; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PodCompleter))]
    public string[]? Pod { get; set; }

    /// <summary>Returns only entries of containers of pods in these Kubernetes namespaces; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string[]? Namespace { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _limit = ContainerLimit.From(Container, Pod, Namespace);
        if (_limit is not null && Histogram)
        {
            ThrowTerminatingError(ErrorRecords.From(new BeeInputException("ParametersExclude", $"-Histogram counts the entries of all containers, so {_limit} has no effect. Omit one of them."), null));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool all = Name is ["*"] && !MyInvocation.BoundParameters.ContainsKey(nameof(Name));
        foreach (MapInfo map in InputObject ?? (Session is null ? new MapSelector(this).Select(Name, Program) : new MapSelector(this).Select(Name, Session)))
        {
            // Without a name, all suitable maps are read. A ring buffer is an error only if the user named it.
            if ((map.CanRead && (!Histogram || map.Role == MapRole.Histogram) && (_limit is null || map.Map.EntryType?.Where is not null)) || !all || InputObject is not null)
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
            Func<MapEntry, bool> isWithin = Filter(map, type);
            if (Key is not null)
            {
                Array.ForEach(Key, key => Guard(key, () => Find(map, key, isWithin)));
                return;
            }

            foreach (MapEntry entry in map.Map.Entries())
            {
                if (isWithin(entry))
                {
                    CommandRuntime.WriteObject(entry);
                }
            }
        }
        catch (ObjectDisposedException)
        {
            throw new BeeInputException("ProgramEnded", $"The session {map.Program} has ended, so its map {map.Name} no longer exists.", "Receive-BeeEvent returns the events that it buffered.");
        }
    }

    private void Find(MapInfo map, object given, Func<MapEntry, bool> isWithin)
    {
        object? key = PlainValue.Of(given);
        MapEntry entry = map.Map.Find(key) ?? throw new BpfMapException(MapFault.NotFound, map.Name, $"Map '{map.Name}' does not have the key {EntryText.Of(key)}.");
        if (isWithin(entry))
        {
            WriteObject(entry);
        }
    }

    private Func<MapEntry, bool> Filter(MapInfo map, EntryType type)
    {
        if (_limit is null)
        {
            return static _ => true;
        }

        if (type.Where is not { } where)
        {
            throw new BeeInputException("ContainerLimitUnsupported", $"{_limit} cannot select entries of the map {map.Name}: they do not say where they happened.", "Select maps with -Name whose key or value has a field of the type cgroup_id or mntns_id, or a process id.");
        }

        // The session may have no names itself: -NoContainer, or a pinned session that another process reads.
        IContainerResolver containers = map.Map.Containers ?? OfHost() ?? throw SessionContainers.NoRuntime($"{_limit} selects entries by container");
        return entry => _limit.Matches(containers.Find(where.Read(entry.RawKey, entry.RawValue)));
    }

    private ContainerDirectory? OfHost()
    {
        _containers ??= SharedContainers.Take();
        _containers?.Directory.WaitForRecorder(Stop);
        return _containers?.Directory;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _containers?.Dispose();
        base.Dispose(disposing);
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
