namespace Bee.Ebpf;

/// <summary>Gives the histograms of one map when they have changed.</summary>
internal abstract class HistogramSource : IPolled
{
    private readonly RecordStream _stream;
    private readonly bool _all;
    private string? _notice;

    protected HistogramSource(RecordStream stream, bool all)
    {
        _stream = stream;
        _all = all;
        Type = stream.HistogramType!;
        Table = new SeriesTable(Type.Plan.Identity.Size, Type.Plan.Scale.Buckets);
    }

    protected HistogramType Type { get; }

    protected SeriesTable Table { get; }

    /// <inheritdoc/>
    public void Poll(IEventSink sink, ref bool stopped) => Give(sink, _all, ref stopped, heed: true);

    /// <summary>Gives what has changed since it was last given, whether or not the sink wants more: a run that ends tells how it ended.</summary>
    public void GiveLast(IEventSink sink)
    {
        var stopped = false;
        Give(sink, all: false, ref stopped, heed: false);
    }

    /// <summary>Brings the counts up to date.</summary>
    protected virtual void Refresh()
    {
    }

    /// <summary>Something that the user should hear of once.</summary>
    protected void Notice(string text) => _notice ??= text;

    /// <summary>That there are more combinations of labels than are kept.</summary>
    protected void NoticeMany() => Notice(
        $"more than {SeriesTable.Most} combinations of {string.Join(", ", Type.Labels.Select(label => label.CName))}: further ones are not counted. Name fewer labels in bee.yaml.");

    private void Give(IEventSink sink, bool all, ref bool stopped, bool heed)
    {
        Refresh();
        if (_notice is { Length: > 0 } notice)
        {
            _notice = "";
            sink.Notice(_stream.Name, notice);
        }

        foreach (var series in Table.All)
        {
            if (series.IsEmpty)
            {
                series.Forget();
                continue;
            }

            if (!series.IsNews && !all)
            {
                continue;
            }

            _stream.Count++;
            if (!sink.Event(series.Make(Type)) && heed)
            {
                stopped = true;
                return;
            }
        }
    }
}
