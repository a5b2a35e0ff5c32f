using System.Buffers.Binary;

namespace Bee.Ebpf.Records;

/// <summary>The stack ids in a record, and the processes that they belong to.</summary>
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

    /// <summary>The number of stack ids.</summary>
    public int Count => _ids.Length;

    /// <summary>Returns the stack fields of a type; null if it has none.</summary>
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

    /// <summary>Returns the name of a field; if a key or value is a stack id itself, the name of the map.</summary>
    public string Name(int index) => _ids[index].Name;

    /// <summary>Returns the id in a field; null if no stack was taken.</summary>
    public int? Id(int index, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) =>
        _ids[index].MayLack && Process(index, first, second) == 0 ? null : Number(_ids[index].Id, first, second);

    /// <summary>Returns the process that a stack belongs to; 0 if the record does not contain it.</summary>
    public int Process(int index, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => _ids[index].Process < 0 ? 0 : Number(_ids[index].Process, first, second);

    private int Number(int offset, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) =>
        BinaryPrimitives.ReadInt32LittleEndian(offset < _second ? first[offset..] : second[(offset - _second)..]);
}
