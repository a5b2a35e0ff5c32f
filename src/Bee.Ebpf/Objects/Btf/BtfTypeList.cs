using System.Collections;

namespace Bee.Ebpf;

/// <summary>The types of a graph by id, each made when it is first asked for.</summary>
internal sealed class BtfTypeList(BtfSpec graph) : IReadOnlyList<BtfType>
{
    private readonly BtfType?[] _types = new BtfType?[graph.Table.TypeCount - (int)graph.Table.FirstId];

    public int Count => graph.Table.TypeCount;

    // Two threads may both make the object: the first to publish it wins, so that identity holds.
    public BtfType this[int index]
    {
        get
        {
            var own = index - (int)graph.Table.FirstId;
            return own < 0 ? graph.Base!.Types[index] : Volatile.Read(ref _types[own]) ?? Publish(own, Create((uint)index));
        }
    }

    public IEnumerator<BtfType> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private BtfType Publish(int index, BtfType made) => Interlocked.CompareExchange(ref _types[index], made, null) ?? made;

    private BtfType Create(uint id) => graph.Table.Kind(id) switch
    {
        BtfKind.Void => new BtfVoid(graph),
        BtfKind.Int => new BtfInt(graph, id),
        BtfKind.Pointer => new BtfPointer(graph, id),
        BtfKind.Array => new BtfArray(graph, id),
        BtfKind.Struct or BtfKind.Union => new BtfStruct(graph, id),
        BtfKind.Enum or BtfKind.Enum64 => new BtfEnum(graph, id),
        BtfKind.Forward => new BtfForward(graph, id),
        BtfKind.Typedef => new BtfTypedef(graph, id),
        BtfKind.Function => new BtfFunction(graph, id),
        BtfKind.FunctionPrototype => new BtfFunctionPrototype(graph, id),
        BtfKind.Variable => new BtfVariable(graph, id),
        BtfKind.DataSection => new BtfDataSection(graph, id),
        BtfKind.Float => new BtfFloat(graph, id),
        BtfKind.DeclarationTag => new BtfDeclarationTag(graph, id),
        _ => new BtfModifier(graph, id),
    };
}
