namespace Bee.Ebpf;

/// <summary>
/// The marks that Inspektor Gadget's macros (its <c>gadget/macros.h</c>) leave in an object: variables that nothing uses, whose names are the message.
/// <c>GADGET_TRACER(open, events, event)</c> declares <c>gadget_tracer_open___events___event</c>.
/// </summary>
internal static class GadgetMarks
{
    /// <summary>A buffer and the struct that its events are: source, map, struct.</summary>
    public const string Tracer = "gadget_tracer_";

    /// <summary>A map that is read from time to time: source, map.</summary>
    public const string MapIterator = "gadget_mapiter_";

    /// <summary>Iterators and the struct that they write: source, struct, then one to three programs.</summary>
    public const string Iterator = "gadget_iter_";

    /// <summary>What <see cref="Iterator"/> was before.</summary>
    public const string Snapshotter = "gadget_snapshotter_";

    /// <summary>A global variable that people may set: its name.</summary>
    public const string Parameter = "gadget_param_";

    private const string Any = "gadget_";
    private const string Separator = "___";

    /// <summary>The names of all variables that may be marks, in their order in the object.</summary>
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

    /// <summary>What the marks of one kind say, each in its parts.</summary>
    /// <param name="marks">All marks.</param>
    /// <param name="kind">How those of the kind begin.</param>
    /// <param name="parts">How many parts they have at least. What has fewer says nothing.</param>
    public static IEnumerable<string[]> Read(IReadOnlyList<string> marks, string kind, int parts) => marks
        .Where(mark => mark.StartsWith(kind, StringComparison.Ordinal))
        .Select(mark => mark[kind.Length..].Split(Separator))
        .Where(said => said.Length >= parts && Array.TrueForAll(said, part => part.Length > 0));
}
