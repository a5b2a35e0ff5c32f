using Bee.Ebpf.Records;

namespace Bee.Ebpf.Events;

/// <summary>Finds the containers that the records of one stream come from, and applies the filter of containers. Allocates nothing. Not thread-safe.</summary>
internal sealed class ContainerLookup
{
    private readonly IContainerResolver? _resolver;
    private readonly Func<ContainerNames?, bool>? _filter;
    private readonly ContainerKeyFields? _fields;
    // The answer of the filter for the last container. Names are immutable, so it stays valid.
    private ContainerNames? _last;
    private bool _isLastSelected;

    private ContainerLookup(IContainerResolver? resolver, Func<ContainerNames?, bool>? filter, ContainerKeyFields? fields)
    {
        _resolver = fields is null ? null : resolver;
        _filter = filter;
        _fields = fields;
        _isLastSelected = filter?.Invoke(null) != false;
    }

    /// <summary>Returns the lookup of a stream; null if its records have no names and are not filtered.</summary>
    /// <param name="options">The options of the reader.</param>
    /// <param name="fields">The fields that say where a record happened; null if it does not say.</param>
    public static ContainerLookup? Of(EventReaderOptions options, ContainerKeyFields? fields) => options.ContainerFilter is null && (options.Containers is null || fields is null)
        ? null
        : new ContainerLookup(options.Containers, options.ContainerFilter, fields);

    /// <summary>Returns the lookup of a map's entries with a filter.</summary>
    /// <param name="resolver">The resolver, or null.</param>
    /// <param name="filter">The filter.</param>
    /// <param name="fields">The fields that say where an entry happened; null if it does not say.</param>
    public static ContainerLookup Of(IContainerResolver? resolver, Func<ContainerNames?, bool> filter, ContainerKeyFields? fields) => new(resolver, filter, fields);

    /// <summary>Returns the lookup of names without a filter; null without a resolver or such fields.</summary>
    /// <param name="resolver">The resolver, or null.</param>
    /// <param name="fields">The fields that say where a record happened; null if it does not say.</param>
    public static ContainerLookup? Of(IContainerResolver? resolver, ContainerKeyFields? fields) => resolver is null || fields is null ? null : new ContainerLookup(resolver, null, fields);

    /// <summary>Returns the names of a record's container; null for the host.</summary>
    /// <param name="first">The bytes of a record, or the key of an entry.</param>
    /// <param name="second">The value of an entry; otherwise empty.</param>
    public ContainerNames? Find(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default) => _resolver?.Find(_fields!.Read(first, second));

    /// <summary>Finds the names of an object's container; null for the host.</summary>
    public ContainerNames? Find(BpfEvent source) => source is MapEntry entry ? Find(entry.RawKey, entry.RawValue) : Find(source.BytesOfRecord());

    /// <summary>Finds the names of a record's container, and returns whether the filter selects the record.</summary>
    /// <param name="names">The names; null for the host.</param>
    /// <param name="first">The bytes of a record, or the key of an entry.</param>
    /// <param name="second">The value of an entry; otherwise empty.</param>
    public bool Selects(out ContainerNames? names, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default)
    {
        names = Find(first, second);
        if (_filter is null)
        {
            return true;
        }

        if (!ReferenceEquals(names, _last))
        {
            _isLastSelected = _filter(names);
            _last = names;
        }

        return _isLastSelected;
    }
}
