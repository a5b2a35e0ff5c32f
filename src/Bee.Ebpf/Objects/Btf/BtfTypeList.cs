using System.Collections;

namespace Bee.Ebpf;

/// <summary>The types of a graph by id, each made when it is first asked for.</summary>
internal sealed class BtfTypeList(Btf graph) : IReadOnlyList<BtfType>
{
    private readonly BtfType?[] _types = new BtfType?[graph.Table.TypeCount];

    public int Count => _types.Length;

    // Two threads may both make the object: the first to publish it wins, so that identity holds.
    public BtfType this[int index] =>
        Volatile.Read(ref _types[index]) ?? Publish(index, Create((uint)index));

    public IEnumerator<BtfType> GetEnumerator()
    {
        for (var i = 0; i < _types.Length; i++)
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
