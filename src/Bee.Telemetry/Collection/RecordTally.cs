using System.Numerics;
using System.Runtime.InteropServices;
using Bee.Ebpf.Events;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>
/// Counts the records of a ring or perf buffer by their labels, on the thread that reads them, since the session began. Metrics are collected from the counts as from a map, at any time and on any thread.
/// </summary>
/// <remarks>Each record costs a hash of its labels' bytes and a few additions under a lock. A collection holds the lock while it copies a batch.</remarks>
internal sealed class RecordTally : IRecordObserver
{
    /// <summary>The maximum number of label combinations. Records of further combinations are counted together.</summary>
    public const int Most = 10_000;

    private readonly object _gate = new();
    private readonly MapPlan _plan;
    // The numbers of containers by their users and ids. They are a part of the key if the labels do not say where; null if they do.
    private readonly Dictionary<(uint User, string Id), int>? _containerNumbers;
    private readonly int _identitySize;
    private readonly BpfMap? _map;
    private readonly EntryTableOfLabels _table;
    private readonly byte[] _labels;
    private readonly int _leastSize;
    private readonly int _recordSize;
    private readonly HistogramCells? _histogram;
    private readonly ulong[] _overflow;
    private bool _hasOverflow;

    /// <param name="plan">The plan of the map.</param>
    /// <param name="map">The map, for the lookup of stacks; null in tests.</param>
    /// <param name="containers">Finds the containers of records; null for none.</param>
    public RecordTally(MapPlan plan, BpfMap? map, IContainerResolver? containers)
    {
        _plan = plan;
        _map = map;
        var record = (RecordType)plan.Shape;
        _recordSize = record.Size;
        var fields = record.Fields.Where(field => plan.Labels.Any(label => label.Property.Name == field.Name));
        Value = plan.Histogram is ObservationPlan observed ? observed.Value : null;
        _leastSize = fields.Select(field => field.Offset + field.Size).Concat(plan.Values.Select(value => value.Number?.End ?? 0)).Append(Value?.End ?? 0).Max();
        Containers = ContainerLookup.Of(containers, plan.Where);
        _containerNumbers = Containers is null || plan.LabelsSayWhere ? null : [];
        _identitySize = plan.Identity!.Size;
        _labels = new byte[_identitySize + (_containerNumbers is null ? 0 : sizeof(int))];
        if (plan.Histogram is not null)
        {
            _histogram = new HistogramCells(plan.Histogram);
            Native = plan.Histogram.Scale.Limits == HistogramLimits.Log2 ? new NativeScale(MetricUnits.Find(plan.Values[0].Unit)) : null;
            Numbers = _histogram.Totals + (Native?.Totals ?? 0);
        }
        else
        {
            Numbers = plan.Values.Count;
        }

        _table = new EntryTableOfLabels(_labels.Length, Numbers);
        _overflow = new ulong[Numbers];
    }

    /// <summary>The number of counters for each combination of labels.</summary>
    public int Numbers { get; }

    /// <summary>The native buckets; null if the metric has none.</summary>
    public NativeScale? Native { get; }

    /// <summary>Finds the containers of records; null if they have no names.</summary>
    public ContainerLookup? Containers { get; }

    private NumberField? Value { get; }

    /// <inheritdoc/>
    public void Observe(ReadOnlySpan<byte> record)
    {
        if (record.Length < _leastSize)
        {
            return;
        }

        if (record.Length < _recordSize)
        {
            // Pads a truncated record with zeros, for its fields that are neither the value nor a label.
            var whole = new byte[_recordSize];
            record.CopyTo(whole);
            record = whole;
        }

        var names = _containerNumbers is null ? null : Containers!.Find(record);
        lock (_gate)
        {
            _plan.Identity!.Write(record, _labels.AsSpan(0, _identitySize));
            if (_containerNumbers is not null)
            {
                MemoryMarshal.Write(_labels.AsSpan(_identitySize), Number(names));
            }

            var numbers = Find(record, names);
            if (_histogram is not null)
            {
                Spread(record, numbers);
            }
            else
            {
                for (var i = 0; i < numbers.Length; i++)
                {
                    var value = _plan.Values[i];
                    numbers[i] = value.Number is not { } number ? numbers[i] + 1
                        : value.Type == MetricType.Gauge ? number.Read(record, out _)
                        : numbers[i] + number.ReadAmount(record);
                }
            }
        }
    }

    /// <summary>Calls a sink with each combination of labels: its stable number, a record with the labels (null for those beyond the limit), its container, and its counters.</summary>
    /// <param name="sink">Called with copies, outside the lock.</param>
    public void Read(Action<int, BpfEvent?, ContainerNames?, ulong[]> sink)
    {
        const int Batch = 256;
        var copies = new List<(BpfEvent? First, ContainerNames? Names, ulong[] Numbers)>(Batch);
        for (var from = 0; ; from += Batch)
        {
            copies.Clear();
            lock (_gate)
            {
                for (var i = from; i < Math.Min(from + Batch, _table.Count); i++)
                {
                    copies.Add((_table.First(i), _table.Names(i), _table.Numbers(i).ToArray()));
                }

                if (copies.Count < Batch && _hasOverflow)
                {
                    copies.Add((null, null, (ulong[])_overflow.Clone()));
                }
            }

            for (var i = 0; i < copies.Count; i++)
            {
                sink(copies[i].First is null ? -1 : from + i, copies[i].First, copies[i].Names, copies[i].Numbers);
            }

            if (copies.Count < Batch || copies[^1].First is null)
            {
                return;
            }
        }
    }

    /// <summary>Returns the names of a container as they are known now: its runtime may have answered since its first record was read.</summary>
    /// <param name="first">The first record of a combination of labels.</param>
    /// <param name="names">The names when the record was read; null for the host.</param>
    public ContainerNames? Latest(BpfEvent first, ContainerNames? names) =>
        Containers?.Find(first) is { } latest && ((latest.Id == names?.Id && latest.UserId == names.UserId) || (names is null && _containerNumbers is null)) ? latest : names;

    // The host is 0. A container that is not known yet is -1, and has no entry, if there is no room for one.
    private int Number(ContainerNames? names)
    {
        if (names is null)
        {
            return 0;
        }

        if (!_containerNumbers!.TryGetValue((names.UserId, names.Id), out var number))
        {
            number = _table.Count < Most ? _containerNumbers.Count + 1 : -1;
            if (number > 0)
            {
                _containerNumbers.Add((names.UserId, names.Id), number);
            }
        }

        return number;
    }

    private Span<ulong> Find(ReadOnlySpan<byte> record, ContainerNames? names)
    {
        var found = _table.Find(_labels);
        if (found >= 0)
        {
            return _table.Numbers(found);
        }

        if (_table.Count >= Most)
        {
            _hasOverflow = true;
            return _overflow;
        }

        var type = (RecordType)_plan.Shape;
        var first = type.Decode(record);
        if (type.Stacks is { } stacks)
        {
            _map?.Stacks?.Resolve(stacks, first, record, default);
        }

        return _table.Numbers(_table.Add(_labels, first, _containerNumbers is null ? Containers?.Find(record) : names));
    }

    private void Spread(ReadOnlySpan<byte> record, Span<ulong> numbers)
    {
        var bits = Value!.Value.Read(record, out var isNegative);
        numbers[_histogram!.Targets[_plan.Histogram!.Scale.OfValue(bits, isNegative)]]++;
        numbers[_histogram.Sum] += bits;
        if (Native is not null && !isNegative)
        {
            numbers[_histogram.Totals + Native.Of(bits)]++;
        }
    }
}

/// <summary>Passes the records of one buffer to several tallies.</summary>
internal sealed class RecordTallies(RecordTally[] tallies) : IRecordObserver
{
    /// <inheritdoc/>
    public void Observe(ReadOnlySpan<byte> record)
    {
        foreach (var tally in tallies)
        {
            tally.Observe(record);
        }
    }
}

/// <summary>The counters of each combination of labels, by the bytes of the labels. Entries are never removed.</summary>
internal sealed class EntryTableOfLabels(int keySize, int numbers)
{
    private readonly List<(BpfEvent Record, ContainerNames? Names)> _first = [];
    private byte[] _keys = new byte[16 * keySize];
    private ulong[] _numbers = new ulong[16 * numbers];
    private int[] _slots = new int[64];

    public int Count => _first.Count;

    /// <summary>Returns the first record with the labels of an entry.</summary>
    public BpfEvent First(int index) => _first[index].Record;

    /// <summary>Returns the container of that record; null for the host.</summary>
    public ContainerNames? Names(int index) => _first[index].Names;

    public Span<ulong> Numbers(int index) => _numbers.AsSpan(index * numbers, numbers);

    public int Find(ReadOnlySpan<byte> labels)
    {
        var mask = _slots.Length - 1;
        for (var slot = EntryTable.Hash(labels) & mask; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            if (KeyAt(_slots[slot] - 1).SequenceEqual(labels))
            {
                return _slots[slot] - 1;
            }
        }

        return -1;
    }

    public int Add(ReadOnlySpan<byte> labels, BpfEvent first, ContainerNames? names)
    {
        var index = Count;
        if (index * numbers == _numbers.Length)
        {
            Array.Resize(ref _keys, _keys.Length * 2);
            Array.Resize(ref _numbers, _numbers.Length * 2);
        }

        labels.CopyTo(KeyAt(index));
        _first.Add((first, names));
        if (Count > _slots.Length / 2)
        {
            _slots = new int[(int)BitOperations.RoundUpToPowerOf2((uint)_slots.Length + 1)];
            for (var i = 0; i < index; i++)
            {
                Place(i);
            }
        }

        Place(index);
        return index;
    }

    private Span<byte> KeyAt(int index) => _keys.AsSpan(index * keySize, keySize);

    private void Place(int index)
    {
        var mask = _slots.Length - 1;
        var slot = EntryTable.Hash(KeyAt(index)) & mask;
        while (_slots[slot] != 0)
        {
            slot = (slot + 1) & mask;
        }

        _slots[slot] = index + 1;
    }
}
