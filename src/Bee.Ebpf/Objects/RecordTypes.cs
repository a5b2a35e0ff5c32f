using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>
/// The C types of records that map declarations do not name: those of buffers declared by sizes alone, and those that iterators write with
/// <c>bpf_seq_write</c>. The metadata names the type, or a mark in the object does: a function <c>bee_record__NAME</c> with a pointer to the type as parameter (Bee
/// makes clang emit it), or for an iterator also a variable <c>iter_record__NAME</c> of pointer type (bee.h's <c>BEE_ITER_RECORD</c>). NAME is
/// the map's or the program's name. Nothing calls or reads the marks.
/// </summary>
internal static class RecordTypes
{
    /// <summary>The prefix of functions that mark a type.</summary>
    public const string Mark = "bee_record__";

    private const string IteratorMark = "iter_record__";

    /// <summary>Finds a type by the name in the metadata.</summary>
    /// <param name="btf">The object's types.</param>
    /// <param name="name">The name, as <see cref="RecordTypeName"/> reads it.</param>
    /// <returns>The type; null if the object has no such type with a size.</returns>
    public static BtfType? Find(BtfSpec? btf, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return btf is null || RecordTypeName.Fault(name) is not null
            ? null
            : RecordTypeName.Spellings(name).Select(spelling => Spelled(btf, spelling)).FirstOrDefault(type => type is not null && IsRecord(type));
    }

    /// <summary>Returns the map with the type from its metadata, else from its mark; the same map if neither exists, or if it is not a buffer.</summary>
    internal static MapDescription Apply(MapDescription map, BtfSpec? btf)
    {
        var type = !map.IsEventStream ? null : Named(map.Metadata.Type, btf) ?? (map.Value is null ? Marked(map.Name, btf) : null);
        return type is not null || (map.IsEventStream && map.Metadata.Type is not null) ? map.AsRecords(type ?? map.Value) : map;
    }

    /// <summary>Returns the program with the type of its records; the same program if the type is unknown, or if it is not an iterator.</summary>
    internal static ProgramDescription Apply(ProgramDescription program, BtfSpec? btf) =>
        program.IsIterator
        && (Named(program.Metadata.Type, btf) ?? (program.Record is null ? Marked(program.Name, btf) ?? Pointed(IteratorMark + program.Name, btf) : null)) is { } type
            ? program.AsSource(program.DataSource, type)
            : program;

    private static BtfType? Named(string? name, BtfSpec? btf) => name is null ? null : Find(btf, name);

    private static BtfType? Marked(string name, BtfSpec? btf) =>
        btf?.Find(Mark + name, BtfKind.Function) is BtfFunction { Prototype: BtfFunctionPrototype { Parameters: [{ Type: var type }] } } ? Target(type) : null;

    private static BtfType? Pointed(string variable, BtfSpec? btf) => btf?.Find(variable, BtfKind.Variable) is BtfVariable found ? Target(found.Type) : null;

    private static BtfType? Target(BtfType type) => type.Resolve() is BtfPointer pointer && IsRecord(pointer.Target) ? pointer.Target : null;

    private static bool IsRecord(BtfType type) => type.Resolve() is BtfStruct or BtfInt or BtfEnum or BtfFloat or BtfArray && type.Size > 0;

    private static BtfType? Spelled(BtfSpec btf, string spelling) => spelling.Split(' ') switch
    {
        ["struct", var tag] => btf.Find(tag, BtfKind.Struct),
        ["union", var tag] => btf.Find(tag, BtfKind.Union),
        _ => btf.Find(spelling, BtfKind.Typedef),
    };
}
