using System.Buffers;
using System.Runtime.InteropServices;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Exposition;

/// <summary>
/// The families of several sources, merged for one scrape: each name once, each combination of labels once, and only valid names. Families and series that contradict earlier
/// ones are dropped, so that the rest is valid.
/// </summary>
/// <param name="Families">The families, in the order in which their names first appeared.</param>
/// <param name="LeftOut">The reason for each dropped family or series, as one sentence.</param>
internal sealed record MergedFamilies(IReadOnlyList<MetricFamily> Families, IReadOnlyList<string> LeftOut)
{
    // .NET writes a lone surrogate as U+FFFD, and Prometheus' parsers stop at NUL. Both are replaced before labels are compared, since two keys may become equal.
    private static readonly SearchValues<char> s_suspects = SearchValues.Create([.. Enumerable.Range(0xD800, 0x800).Select(static c => (char)c), '\0']);

    /// <summary>Merges families.</summary>
    /// <param name="families">The families of all sources, source by source.</param>
    public static MergedFamilies Merge(IEnumerable<MetricFamily> families)
    {
        var leftOut = new List<string>();
        var merged = new List<Part>();
        var owners = new Dictionary<string, Part>();
        foreach (var family in families)
        {
            var descriptor = Valid(family.Descriptor);
            if (owners.TryGetValue(descriptor.Name, out var part) && part.Descriptor.Name == descriptor.Name)
            {
                if (!part.Accepts(descriptor))
                {
                    leftOut.Add($"'{descriptor.Name}' of one source differs in type, unit or labels from that of another source.");
                    continue;
                }
            }
            else
            {
                var names = SampleNames(descriptor);
                if (names.FirstOrDefault(owners.ContainsKey) is { } taken)
                {
                    leftOut.Add($"'{descriptor.Name}' and '{owners[taken].Descriptor.Name}' both have a sample '{taken}'.");
                    continue;
                }

                part = new Part(descriptor);
                merged.Add(part);
                foreach (var name in names)
                {
                    owners.Add(name, part);
                }
            }

            part.Add(family.Series, leftOut);
        }

        return new MergedFamilies([.. merged.Where(static part => part.Series.Count > 0).Select(static part => new MetricFamily(part.Descriptor, part.Series))], leftOut);
    }

    private static MetricDescriptor Valid(MetricDescriptor descriptor)
    {
        var isName = MetricNames.IsName(descriptor.Name);
        var areLabels = MetricNames.AreLabels(descriptor.LabelNames);
        return isName && areLabels ? descriptor : descriptor with
        {
            Name = isName ? descriptor.Name : MetricNames.Sanitize(descriptor.Name, allowsColon: true),
            LabelNames = areLabels ? descriptor.LabelNames : MetricNames.Labels(descriptor.LabelNames),
        };
    }

    private static string[] SampleNames(MetricDescriptor descriptor) => descriptor.Type switch
    {
        MetricType.Counter when !descriptor.IsVerbatim => [descriptor.Name, descriptor.Name + "_total", descriptor.Name + "_created"],
        MetricType.Histogram => [descriptor.Name, descriptor.Name + "_bucket", descriptor.Name + "_count", descriptor.Name + "_sum", descriptor.Name + "_created"],
        MetricType.Info => [descriptor.Name, descriptor.Name + "_info"],
        _ => [descriptor.Name],
    };

    /// <summary>A family that is being merged.</summary>
    private sealed class Part(MetricDescriptor descriptor)
    {
        private readonly List<MetricSeries> _series = [];
        private readonly Dictionary<IReadOnlyList<string>, int> _places = new(LabelComparer.Instance);
        private IReadOnlyList<double>? _rising;

        public MetricDescriptor Descriptor { get; private set; } = descriptor;

        public IReadOnlyList<MetricSeries> Series => _series;

        public bool Accepts(MetricDescriptor other)
        {
            if (other.Type != Descriptor.Type || other.Unit != Descriptor.Unit || other.IsVerbatim != Descriptor.IsVerbatim || !LabelComparer.Instance.Equals(other.LabelNames, Descriptor.LabelNames))
            {
                return false;
            }

            Descriptor = Descriptor with { Help = Descriptor.Help ?? other.Help };
            return true;
        }

        public void Add(IReadOnlyList<MetricSeries> series, List<string> leftOut)
        {
            _series.EnsureCapacity(_series.Count + series.Count);
            _places.EnsureCapacity(_series.Count + series.Count);
            for (var i = 0; i < series.Count; i++)
            {
                var one = Clean(series[i]);
                if (Descriptor.Type == MetricType.Histogram && !IsHistogram(one.Histogram))
                {
                    leftOut.Add($"A series of '{Descriptor.Name}' has no histogram, or one whose bounds are not ascending.");
                    continue;
                }

                ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, one.LabelValues, out var exists);
                if (!exists)
                {
                    place = _series.Count;
                    _series.Add(one);
                }
                else if (Sum(_series[place], one) is { } sum)
                {
                    _series[place] = sum;
                }
                else
                {
                    leftOut.Add($"Two series of '{Descriptor.Name}' have the same labels and different buckets.");
                }
            }
        }

        private MetricSeries Clean(MetricSeries series)
        {
            var values = series.LabelValues;
            var isClean = values.Count == Descriptor.LabelNames.Count;
            for (var i = 0; i < values.Count && isClean; i++)
            {
                isClean = values[i].AsSpan().IndexOfAny(s_suspects) < 0;
            }

            return isClean ? series : series with { LabelValues = [.. Descriptor.LabelNames.Select((_, i) => i < values.Count ? LabelText.Clean(values[i]) : "")] };
        }

        private bool IsHistogram(MetricHistogram? histogram)
        {
            if (histogram is null || histogram.Counts.Count != histogram.UpperBounds.Count + 1)
            {
                return false;
            }

            if (ReferenceEquals(histogram.UpperBounds, _rising))
            {
                return true;
            }

            for (var i = 0; i < histogram.UpperBounds.Count; i++)
            {
                if (!double.IsFinite(histogram.UpperBounds[i]) || (i > 0 && histogram.UpperBounds[i] <= histogram.UpperBounds[i - 1]))
                {
                    return false;
                }
            }

            _rising = histogram.UpperBounds;
            return true;
        }

        // Returns null if the two cannot become one series.
        private MetricSeries? Sum(MetricSeries first, MetricSeries second) => Descriptor.Type switch
        {
            MetricType.Counter => first with { Value = first.Value + second.Value, Created = Later(first.Created, second.Created) },
            MetricType.Histogram when first.Histogram!.UpperBounds.SequenceEqual(second.Histogram!.UpperBounds) => first with
            {
                Value = first.Value + second.Value,
                Created = Later(first.Created, second.Created),
                Histogram = new(first.Histogram.UpperBounds, [.. first.Histogram.Counts.Zip(second.Histogram.Counts, static (a, b) => a + b)], first.Histogram.Sum + second.Histogram.Sum),
            },
            MetricType.Histogram => null,
            _ => second,
        };

        // Uses the later start time: the sum is complete from then on, and does not decrease.
        private static DateTime? Later(DateTime? first, DateTime? second) => first > second ? first : second ?? first;
    }
}
