using System.Text;

namespace Bee.Ebpf;

/// <summary>Finds the kernel's types of a name: in the kernel itself, else in its modules.</summary>
internal sealed class TypeCandidates(TargetKernel kernel)
{
    private readonly Dictionary<(string, BtfKind), IReadOnlyList<BtfType>> _known = [];

    /// <summary>The types of a kind whose name is the same, flavours aside, by their ids; enums of 32 and 64 bits are of one kind.</summary>
    /// <param name="name">The name; what follows three underscores does not count.</param>
    /// <param name="kind">The kind.</param>
    public IReadOnlyList<BtfType> Of(string name, BtfKind kind)
    {
        var essential = CoreNames.Essential(name);
        kind = kind == BtfKind.Enum64 ? BtfKind.Enum : kind;
        if (!_known.TryGetValue((essential, kind), out var found))
        {
            _known[(essential, kind)] = found = Find(essential, kind);
        }

        return found;
    }

    private List<BtfType> Find(string name, BtfKind kind)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        var found = new List<BtfType>();
        if (kernel.Types is { } types)
        {
            Add(types, bytes, kind, found);
        }

        if (found.Count == 0)
        {
            foreach (var module in kernel.Modules)
            {
                Add(module.Types, bytes, kind, found);
            }
        }

        return found;
    }

    // A walk over all types costs a few milliseconds: names are compared as bytes, and most differ in the first.
    private static void Add(BtfSpec graph, ReadOnlySpan<byte> name, BtfKind kind, List<BtfType> found)
    {
        var table = graph.Table;
        for (var id = Math.Max(1, table.FirstId); id < table.TypeCount; id++)
        {
            var own = table.Kind(id);
            if (own != kind && !(kind == BtfKind.Enum && own == BtfKind.Enum64))
            {
                continue;
            }

            var text = table.TextBytes(table.NameOffset(id));
            if (text.StartsWith(name) && CoreNames.Essential(text).SequenceEqual(name))
            {
                found.Add(graph.Types[(int)id]);
            }
        }
    }
}
