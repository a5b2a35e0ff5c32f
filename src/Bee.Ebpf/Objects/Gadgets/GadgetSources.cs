namespace Bee.Ebpf;

/// <summary>
/// What an object that is made with Inspektor Gadget's macros declares: where its data is, and which of its globals people set. What a mark says that is not true of the object is passed over: the maps
/// can be read all the same.
/// </summary>
internal sealed class GadgetSources
{
    private const string SlotType = "gadget_histogram_slot__";

    private readonly Dictionary<string, (string Name, BtfType Record)> _buffers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _tables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Name, BtfType Record)> _iterators = new(StringComparer.Ordinal);

    private readonly HashSet<string> _parameters = new(StringComparer.Ordinal);

    private GadgetSources()
    {
    }

    /// <summary>The sources of an object; null where it has none.</summary>
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

        sources._parameters.UnionWith(GadgetMarks.Read(marks, GadgetMarks.Parameter, 1).Select(said => said[0]));
        return sources;
    }

    /// <summary>The map as the marks have it: itself where they say nothing of it.</summary>
    public MapDescription Apply(MapDescription map)
    {
        if (map.IsEventStream)
        {
            return _buffers.TryGetValue(map.Name, out var buffer)
                ? map.AsSource(buffer.Name, MapRole.Print, buffer.Record).WithMetadata(new MapMetadata { Fields = GadgetTypes.Words(buffer.Record) })
                : map;
        }

        return !map.IsInternal && _tables.TryGetValue(map.Name, out var name)
            ? map.AsSource(name, HasSlots(map.Value) ? MapRole.Histogram : MapRole.Print, map.Value).WithMetadata(new MapMetadata { Fields = FieldMetadata.Over(GadgetTypes.Words(map.Key), GadgetTypes.Words(map.Value)) })
            : map;
    }

    /// <summary>The program as the marks have it: itself where they say nothing of it.</summary>
    public ProgramDescription Apply(ProgramDescription program) =>
        program.Kind == ProgramKinds.Iterator && _iterators.TryGetValue(program.Name, out var iterator)
            ? program.AsSource(iterator.Name, iterator.Record).WithMetadata(new ProgramMetadata { Fields = GadgetTypes.Words(iterator.Record) })
            : program;

    /// <summary>The parameter as the marks have it: itself where they say nothing of it.</summary>
    public ParameterDescription Apply(ParameterDescription parameter) => _parameters.Contains(parameter.Name) ? GadgetParameters.Apply(parameter) : parameter;

    private static bool HasSlots(BtfType? value) => value?.Resolve() is BtfStruct record && record.Members.Any(member =>
        member.Type.Resolve() is BtfArray { Element: BtfTypedef element } && element.Name.StartsWith(SlotType, StringComparison.Ordinal));
}
