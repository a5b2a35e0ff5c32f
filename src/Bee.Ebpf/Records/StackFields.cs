using System.Buffers.Binary;

namespace Bee.Ebpf.Records;

/// <summary>Where the ids of stacks stand in a record, and where the process that they are of.</summary>
internal sealed class StackFields
{
    private static readonly string[] s_processNames = ["tgid", "pid", "process_id"];

    private readonly (string Name, int Offset)[] _ids;
    private readonly int _process;
    private readonly int _second;

    private StackFields((string, int)[] ids, int process, int second)
    {
        _ids = ids;
        _process = process;
        _second = second;
    }

    /// <summary>How many ids a record has.</summary>
    public int Count => _ids.Length;

    /// <summary>The fields of a type; null when it has no stacks.</summary>
    public static StackFields? Of(TypePlan plan)
    {
        var ids = plan.Properties.Where(p => p.Source == PropertySource.Stack).Select(p => (p.CName.Length > 0 ? p.CName : plan.MapName ?? "", p.Offset)).ToArray();
        if (ids.Length == 0)
        {
            return null;
        }

        var process = s_processNames
            .Select(name => plan.Properties.FirstOrDefault(p => p.CName == name && p is { Source: PropertySource.Inline, BitSize: 0, Value: NumberShape { Size: 4 } }))
            .FirstOrDefault(p => p is not null);
        var isEntry = plan.Decode is DecodeKind.Entry or DecodeKind.PerCpuEntry;
        return new StackFields(ids, process?.Offset ?? -1, isEntry ? plan.ValueOffset : int.MaxValue);
    }

    /// <summary>A field's name; of a key or value that is an id itself the map's.</summary>
    public string Name(int index) => _ids[index].Name;

    /// <summary>The id in a field.</summary>
    public int Id(int index, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => Number(_ids[index].Offset, first, second);

    /// <summary>The process, or 0 where the record does not say.</summary>
    public int Process(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) => _process < 0 ? 0 : Number(_process, first, second);

    private int Number(int offset, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second) =>
        BinaryPrimitives.ReadInt32LittleEndian(offset < _second ? first[offset..] : second[(offset - _second)..]);
}
