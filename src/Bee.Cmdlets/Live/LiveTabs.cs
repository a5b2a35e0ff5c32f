using Bee.Ebpf.Events;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Live;

/// <summary>Shows the objects of a tool's streams in tabs, one for each map or iterator. The reader thread adds the objects.</summary>
internal sealed class LiveTabs
{
    private readonly LiveModel _model;
    private readonly Dictionary<Type, LiveTab> _byType = [];

    public LiveTabs(LiveModel model) => _model = model;

    /// <summary>Creates the tabs for the streams of a tool.</summary>
    /// <param name="streams">The streams.</param>
    /// <param name="interval">The time between two readings of a map.</param>
    /// <param name="givesAll">Whether each reading returns all entries.</param>
    /// <param name="isNew">Whether the tool was started by the view.</param>
    /// <param name="tool">The prefix for the names of the maps; empty if there is only one tool.</param>
    public void Add(IReadOnlyList<RecordStream> streams, TimeSpan interval, bool givesAll, bool isNew, string tool = "")
    {
        foreach (RecordStream stream in streams)
        {
            LiveTab tab = Make(stream, interval, givesAll, isNew, tool);
            if (_model.Add(tab))
            {
                _byType[stream.ClrType] = tab;
            }
        }
    }

    /// <summary>Adds an object to its tab.</summary>
    public void Give(BpfEvent item)
    {
        if (!_byType.TryGetValue(item.GetType(), out LiveTab? tab))
        {
            tab = Find(item);
        }

        tab?.Add(item);
    }

    /// <summary>Creates the tab for a type.</summary>
    /// <param name="name">The tab's name.</param>
    /// <param name="shape">The type; null if its fields are unknown.</param>
    /// <param name="role">The role of the map.</param>
    /// <param name="interval">The time between two readings of a map.</param>
    /// <param name="givesAll">Whether each reading returns all entries.</param>
    public static LiveTab Make(string name, IRecordShape? shape, MapRole role, TimeSpan interval, bool givesAll)
    {
        LiveSchema schema = (shape is null ? EventSchema.OfText(name) : EventSchema.Of(shape)) with { Name = name };
        return shape is EntryType entries ? new EntryTab(schema, EntrySchema.Of(entries, schema, role, interval, givesAll)) : new EventTab(schema);
    }

    /// <summary>Creates the tab for histograms.</summary>
    /// <param name="name">The tab's name.</param>
    /// <param name="interval">The time between two readings of the map.</param>
    /// <param name="isNew">Whether the map was empty before the view.</param>
    public static LiveTab MakeHistograms(string name, TimeSpan interval, bool isNew) => new HistogramTab(name, HistogramSchema.Of, HistogramSchema.Details, interval, isNew);

    private static LiveTab Make(RecordStream stream, TimeSpan interval, bool givesAll, bool isNew, string tool)
    {
        string name = tool.Length == 0 ? stream.Name : $"{tool}:{stream.Name}";
        return stream.HistogramType is not null
            ? MakeHistograms(name, interval, isNew)
            : Make(name, (IRecordShape?)stream.RecordType ?? stream.EntryType, stream.Map?.Role ?? MapRole.None, interval, givesAll);
    }

    // Records of unusual lengths have classes of their own.
    private LiveTab? Find(BpfEvent item)
    {
        Type? type = item is TruncatedEvent truncated ? truncated.WholeType() : item.GetType().BaseType;
        LiveTab? found = null;
        while (type is not null && !_byType.TryGetValue(type, out found))
        {
            type = type.BaseType;
        }

        if (found is not null)
        {
            _byType[item.GetType()] = found;
        }

        return found;
    }
}
