using Bee.Ebpf;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Live;

/// <summary>Puts the objects of a tool's streams into tabs: one for each map or iterator. Objects come from the thread that reads.</summary>
internal sealed class LiveTabs
{
    private readonly LiveModel _model;
    private readonly Dictionary<Type, LiveTab> _byType = [];

    public LiveTabs(LiveModel model) => _model = model;

    /// <summary>Makes the tabs for the streams of a tool.</summary>
    /// <param name="streams">The streams.</param>
    /// <param name="tool">The tool's name before the map's; empty if there is only one tool.</param>
    public void Add(IReadOnlyList<RecordStream> streams, string tool = "")
    {
        foreach (RecordStream stream in streams)
        {
            LiveTab tab = new EventTab(Schema(stream, tool));
            if (_model.Add(tab))
            {
                _byType[stream.ClrType] = tab;
            }
        }
    }

    /// <summary>Shows an object.</summary>
    public void Give(BpfEvent item)
    {
        if (!_byType.TryGetValue(item.GetType(), out LiveTab? tab))
        {
            tab = Find(item);
        }

        tab?.Add(item);
    }

    private static LiveSchema Schema(RecordStream stream, string tool)
    {
        LiveSchema schema = ((IRecordShape?)stream.RecordType ?? stream.EntryType) is { } shape ? EventSchema.Of(shape) : EventSchema.OfText(stream.Name);
        return tool.Length == 0 ? schema : schema with { Name = $"{tool}:{schema.Name}" };
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
