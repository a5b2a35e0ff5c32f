using Bee.Ebpf.Btf;
using Bee.Ebpf.CoRe;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Checks;

/// <summary>A buffer or an iterator whose records appear as bytes, because neither a declaration nor metadata names their C type.</summary>
/// <param name="Name">The name of the map or of the program.</param>
/// <param name="Sizes">The constant sizes of the records that programs write, ascending.</param>
/// <param name="Fitting">The structs of the object with one of these sizes, in the form that <see cref="RecordTypeName"/> reads.</param>
internal sealed record UntypedRecords(string Name, IReadOnlyList<uint> Sizes, IReadOnlyList<string> Fitting)
{
    /// <summary>The type that the metadata names and the object does not contain; null if it names none.</summary>
    public string? MissingType { get; init; }

    /// <summary>Finds the buffers and iterators of an object whose records have no type.</summary>
    /// <param name="file">The object.</param>
    /// <returns>The buffers and iterators, maps first; empty if all have a type.</returns>
    public static IReadOnlyList<UntypedRecords> In(ObjectFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var buffers = file.Maps.Where(map => map.IsEventStream && map.Value is null or BtfVoid).ToList();
        var iterators = file.Programs.Where(program => program is { IsIterator: true, Record: null }).ToList();
        if (buffers.Count == 0 && iterators.Count == 0)
        {
            return [];
        }

        var writes = RecordWrites.In(file);
        return
        [
            .. buffers.Select(map => Describe(map.Name, writes.Where(write => write.Map == map.Name), file) with { MissingType = map.Metadata.Type }),
            .. from program in iterators
               let own = RecordWrites.Of(program, writes)
               where own.Count > 0
               select Describe(program.Name, own, file) with { MissingType = program.Metadata.Type },
        ];
    }

    private static UntypedRecords Describe(string name, IEnumerable<RecordWrite> writes, ObjectFile file)
    {
        uint[] sizes = [.. writes.Select(write => write.Size).OfType<uint>().Distinct().Order()];
        return new UntypedRecords(name, sizes, sizes.Length == 0 ? [] : [.. Structs(file.Btf, sizes)]);
    }

    private static IEnumerable<string> Structs(BtfSpec? btf, uint[] sizes)
    {
        for (var id = 1; id < (btf?.Types.Count ?? 0); id++)
        {
            if (btf!.Table.Kind((uint)id) is BtfKind.Struct && btf.Types[id] is { Name.Length: > 0 } type && sizes.Contains((uint)type.Size))
            {
                yield return type.Name;
            }
        }
    }
}
