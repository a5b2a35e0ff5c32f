using System.Buffers.Binary;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Maps;

/// <summary>Resolves the stack ids in a session's records into traces when they are read, while the processes probably still exist.</summary>
internal sealed class StackSource
{
    private readonly IReadOnlyList<BpfMap> _maps;

    private StackSource(IReadOnlyList<BpfMap> maps) => _maps = maps;

    /// <summary>Connects the maps of a session that contain stack ids with its stack maps.</summary>
    public static void Join(IReadOnlyList<BpfMap> maps)
    {
        var stacks = maps.Where(map => map.Description.Type == MapType.StackTrace).ToArray();
        if (stacks.Length > 0)
        {
            var source = new StackSource(stacks);
            foreach (var map in maps)
            {
                map.Stacks = source;
            }
        }
    }

    /// <summary>Sets the traces of an event.</summary>
    /// <param name="fields">The fields with stack ids.</param>
    /// <param name="record">The event.</param>
    /// <param name="first">The bytes of the event, or of an entry's key.</param>
    /// <param name="second">The bytes of an entry's value.</param>
    public void Resolve(StackFields fields, BpfEvent record, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var traces = new StackTrace[fields.Count];
        for (var i = 0; i < traces.Length; i++)
        {
            traces[i] = fields.Id(i, first, second) is { } id ? Read(fields.Name(i), id, fields.Process(i, first, second)) : new StackTrace(null, default, []);
        }

        record.Keep(traces);
    }

    private StackTrace Read(string field, int id, int process)
    {
        // A negative number is the error of bpf_get_stackid.
        if (id < 0)
        {
            return new StackTrace(id, (Errno)(-id), []);
        }

        var map = Find(field);
        Span<byte> key = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(key, id);
        var value = new byte[map.Description.ValueSize];
        return map.TryRead(key, value)
            ? StackReader.Read(id, value, map.Description.KeepsBuildIds, process)
            : new StackTrace(id, Errno.ENOENT, []);
    }

    // Returns the only stack map, or the one whose name shares most words with the field: user_stacks for user_stack_id. Inspektor Gadget names its maps ig_ustack and ig_kstack. The first
    // declared map wins a tie.
    private BpfMap Find(string field)
    {
        var words = field.Split('_', StringSplitOptions.RemoveEmptyEntries).Where(word => word != "id").ToArray();
        string[] kinds = [.. words.Any(word => word.StartsWith("user", StringComparison.OrdinalIgnoreCase)) ? new[] { "ustack" } : [], .. words.Any(word => word.StartsWith("kern", StringComparison.OrdinalIgnoreCase)) ? new[] { "kstack" } : []];
        return _maps.Count == 1 ? _maps[0] : _maps.MaxBy(map => words.Concat(kinds).Count(word => map.Name.Contains(word, StringComparison.OrdinalIgnoreCase)))!;
    }
}
