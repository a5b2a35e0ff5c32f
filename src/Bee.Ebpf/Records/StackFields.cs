using System.Buffers.Binary;

namespace Bee.Ebpf.Records;

/// <summary>Where the ids of stacks stand in a record, and where the process that they are of.</summary>
internal sealed class StackFields
{
    private static readonly string[] s_processNames = ["tgid", "pid", "process_id"];

    private readonly (string Name, int Id, int Process, bool MayLack)[] _ids;
    private readonly int _second;

    private StackFields((string, int, int, bool)[] ids, int second)
    {
        _ids = ids;
        _second = second;
    }

    /// <summary>How many ids a record has.</summary>
    public int Count => _ids.Length;

    /// <summary>The fields of a type; null when it has no stacks.</summary>
    public static StackFields? Of(TypePlan plan)
    {
        var stacks = plan.Properties.Where(p => p.Source == PropertySource.Stack).ToArray();
        if (stacks.Length == 0)
        {
            return null;
        }

        var process = s_processNames
            .Select(name => plan.Properties.FirstOrDefault(p => p.CName == name && p is { Source: PropertySource.Inline, BitSize: 0, Value: NumberShape { Size: 4 } }))
            .FirstOrDefault(p => p is not null)?.Offset ?? -1;
        var isEntry = plan.Decode is DecodeKind.Entry or DecodeKind.PerCpuEntry;
        return new StackFields(
            [.. stacks.Select(p => p.Value is UserStackShape user
                ? ($"{p.CName}_user", p.Offset + user.Id, p.Offset + user.Process, true)
                : (p.CName.Length > 0 ? p.CName : plan.MapName ?? "", p.Offset, process, false))],
            isEntry ? plan.ValueOffset : int.MaxValue);
    }

    /// <summary>A field's name; of a key or value that is an id itself the map's.</summary>
    public string Name(int index) => _ids[index].Name;

    /// <summary>The id in a field; null where no stack was taken.</summary>
    public int? Id(int index, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) =>
        _ids[index].MayLack && Process(index, first, second) == 0 ? null : Number(_ids[index].Id, first, second);

    /// <summary>The process that the stack of a field is of, or 0 where the record does not say.</summary>
    public int Process(int index, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => _ids[index].Process < 0 ? 0 : Number(_ids[index].Process, first, second);

    private int Number(int offset, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) =>
        BinaryPrimitives.ReadInt32LittleEndian(offset < _second ? first[offset..] : second[(offset - _second)..]);
}
