using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>
/// The declarations of an object that uses Inspektor Gadget's macros: its data sources, and the globals that users can set. Marks that do not match the object are ignored: its maps
/// stay readable.
/// </summary>
internal sealed class GadgetSources
{
    private const string SlotType = "gadget_histogram_slot__";

    private readonly Dictionary<string, (string Name, BtfType Record)> _buffers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _tables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Name, BtfType Record)> _iterators = new(StringComparer.Ordinal);

    private readonly Dictionary<string, string> _targets = new(StringComparer.Ordinal);

    private readonly HashSet<string> _parameters = new(StringComparer.Ordinal);

    private GadgetSources()
    {
    }

    /// <summary>Returns the declarations of an object; null if it has none.</summary>
    public static GadgetSources? Read(BtfSpec? btf)
    {
        if (btf is null || GadgetMarks.Of(btf) is not { Count: > 0 } marks)
        {
            return null;
        }

        var sources = new GadgetSources();
        foreach (var tracer in GadgetMarks.Read(marks, GadgetMarks.Tracer, 3))
        {
            if (btf.Find(tracer[2], BtfKind.Struct) is { Size: > 0 } record)
            {
                sources._buffers.TryAdd(tracer[1], (tracer[0], record));
            }
        }

        foreach (var table in GadgetMarks.Read(marks, GadgetMarks.MapIterator, 2))
        {
            sources._tables.TryAdd(table[1], table[0]);
        }

        foreach (var iterator in GadgetMarks.Read(marks, GadgetMarks.Iterator, 3).Concat(GadgetMarks.Read(marks, GadgetMarks.Snapshotter, 3)))
        {
            if (btf.Find(iterator[1], BtfKind.Struct) is { Size: > 0 } record)
            {
                Array.ForEach(iterator[2..], program => sources._iterators.TryAdd(program, (iterator[0], record)));
            }
        }

        foreach (var target in GadgetMarks.Read(marks, GadgetMarks.IteratorTarget, 2))
        {
            sources._targets.TryAdd(target[0], target[1]);
        }

        sources._parameters.UnionWith(GadgetMarks.Read(marks, GadgetMarks.Parameter, 1).Select(parts => parts[0]));
        return sources;
    }

    /// <summary>Returns the map with the name and types that Inspektor Gadget's macros declare; the same map if they do not mention it.</summary>
    public MapDescription Apply(MapDescription map)
    {
        if (map.IsEventStream)
        {
            return _buffers.TryGetValue(map.Name, out var buffer)
                ? map.AsSource(buffer.Name, MapRole.Print, buffer.Record).WithMetadata(new MapMetadata { Fields = GadgetTypes.FieldsOf(buffer.Record) })
                : map;
        }

        return !map.IsInternal && _tables.TryGetValue(map.Name, out var name)
            ? map.AsSource(name, HasSlots(map.Value) ? MapRole.Histogram : MapRole.Print, map.Value).WithMetadata(new MapMetadata { Fields = FieldMetadata.Over(GadgetTypes.FieldsOf(map.Key), GadgetTypes.FieldsOf(map.Value)) })
            : map;
    }

    /// <summary>Returns the iterator program with the name, record type and attach target that Inspektor Gadget's macros declare; the same program if they do not mention it.</summary>
    public ProgramDescription Apply(ProgramDescription program) =>
        program.Kind == ProgramKinds.Iterator && _iterators.TryGetValue(program.Name, out var iterator)
            ? program.AsSource(iterator.Name, iterator.Record).WithMetadata(new ProgramMetadata { Fields = GadgetTypes.FieldsOf(iterator.Record), AttachTo = _targets.GetValueOrDefault(program.Name) })
            : program;

    /// <summary>Returns the parameter with the metadata of Inspektor Gadget's parameters if a macro declares it; otherwise the same parameter.</summary>
    public ParameterDescription Apply(ParameterDescription parameter) => _parameters.Contains(parameter.Name) ? GadgetParameters.Apply(parameter) : parameter;

    private static bool HasSlots(BtfType? value) => value?.Resolve() is BtfStruct record && record.Members.Any(member =>
        member.Type.Resolve() is BtfArray { Element: BtfTypedef element } && element.Name.StartsWith(SlotType, StringComparison.Ordinal));
}

/// <summary>
/// The marks that Inspektor Gadget's macros (its <c>gadget/macros.h</c>) leave in an object: unused variables whose names carry the declaration.
/// <c>GADGET_TRACER(open, events, event)</c> declares <c>gadget_tracer_open___events___event</c>.
/// </summary>
internal static class GadgetMarks
{
    /// <summary>A buffer and the struct of its events: source, map, struct.</summary>
    public const string Tracer = "gadget_tracer_";

    /// <summary>A map that is read periodically: source, map.</summary>
    public const string MapIterator = "gadget_mapiter_";

    /// <summary>Iterators and the struct of their records: source, struct, then one to three programs.</summary>
    public const string Iterator = "gadget_iter_";

    /// <summary>The former name of <see cref="Iterator"/>.</summary>
    public const string Snapshotter = "gadget_snapshotter_";

    /// <summary>An iterator over a map's entries, and its map: program, map.</summary>
    public const string IteratorTarget = "gadget_mapelem_iter_target_";

    /// <summary>A global variable that users may set: its name.</summary>
    public const string Parameter = "gadget_param_";

    private const string Any = "gadget_";
    private const string Separator = "___";

    /// <summary>Returns the names of all variables that may be marks, in object order.</summary>
    public static IReadOnlyList<string> Of(BtfSpec btf)
    {
        var marks = new List<string>();
        for (var id = 1; id < btf.Types.Count; id++)
        {
            if (btf.Table.Kind((uint)id) == BtfKind.Variable && btf.Types[id].Name is var name && name.StartsWith(Any, StringComparison.Ordinal))
            {
                marks.Add(name);
            }
        }

        return marks;
    }

    /// <summary>Returns the marks of one kind, each split into its parts.</summary>
    /// <param name="marks">All marks.</param>
    /// <param name="kind">The prefix of the kind's marks.</param>
    /// <param name="parts">The minimum number of parts. Shorter marks are ignored.</param>
    public static IEnumerable<string[]> Read(IReadOnlyList<string> marks, string kind, int parts) => marks
        .Where(mark => mark.StartsWith(kind, StringComparison.Ordinal))
        .Select(mark => mark[kind.Length..].Split(Separator))
        .Where(mark => mark.Length >= parts && Array.TrueForAll(mark, part => part.Length > 0));
}

/// <summary>
/// The parameters that nearly all gadgets get from Inspektor Gadget's <c>gadget/filter.h</c>. Its own tool recognizes them by type and
/// variable, and assigns short names that the metadata does not repeat.
/// </summary>
internal static class GadgetParameters
{
    private const string MaxEntries = "_max_entries";

    private static readonly (string Variable, string Type, string Key, string Description)[] s_known =
    [
        ("targ_pid", "gadget_pid", "pid", "Only this process; 0 for all"),
        ("targ_tid", "gadget_tid", "tid", "Only this thread; 0 for all"),
        ("targ_uid", "gadget_uid", "uid", "Only processes of this user"),
        ("targ_gid", "gadget_gid", "gid", "Only processes of this group"),
        ("targ_comm", "gadget_comm", "comm", "Only processes of this name"),
        ("collect_ustack", "bool", "collect-ustack", "Whether stacks of user space are recorded"),
    ];

    /// <summary>Returns the parameter with the metadata that its name and type imply; the same parameter if they imply none.</summary>
    public static ParameterDescription Apply(ParameterDescription parameter)
    {
        if (parameter.Size == sizeof(uint) && parameter.Name.EndsWith(MaxEntries, StringComparison.Ordinal))
        {
            return parameter.AsSizeOf(parameter.Name[..^MaxEntries.Length]);
        }

        var known = Array.Find(s_known, known => known.Variable == parameter.Name && known.Type == TypeName(parameter.Type));
        return known.Key is null ? parameter : parameter.WithMetadata(new ParameterMetadata { Key = known.Key, Description = known.Description });
    }

    private static string TypeName(BtfType type)
    {
        while (type is BtfArray or BtfModifier)
        {
            type = type is BtfArray array ? array.Element : ((BtfModifier)type).Target;
        }

        return type is BtfInt { IsBool: true } ? "bool" : type.Name;
    }
}
