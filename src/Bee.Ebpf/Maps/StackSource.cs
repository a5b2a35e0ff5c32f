using System.Buffers.Binary;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Maps;

/// <summary>The stack maps of one session: turns the ids in its records into traces at the moment that they are read, while the processes are likely there.</summary>
internal sealed class StackSource
{
    private readonly IReadOnlyList<BpfMap> _maps;

    private StackSource(IReadOnlyList<BpfMap> maps) => _maps = maps;

    /// <summary>Lets the maps of a session find each other: those with ids of stacks, and those with the stacks.</summary>
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

    /// <summary>Gives an event its traces.</summary>
    /// <param name="fields">Where its ids are.</param>
    /// <param name="record">The event.</param>
    /// <param name="first">Its bytes, of an entry the key's.</param>
    /// <param name="second">Of an entry the value's bytes.</param>
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
        // What bpf_get_stackid gives instead of an id is a negative error.
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

    // The only one; else the one whose name has most of the field's words: user_stacks for user_stack_id. Inspektor Gadget's maps are called ig_ustack and ig_kstack.
    // Of equals the first declared.
    private BpfMap Find(string field)
    {
        var words = field.Split('_', StringSplitOptions.RemoveEmptyEntries).Where(word => word != "id").ToArray();
        string[] kinds = [.. words.Any(word => word.StartsWith("user", StringComparison.OrdinalIgnoreCase)) ? new[] { "ustack" } : [], .. words.Any(word => word.StartsWith("kern", StringComparison.OrdinalIgnoreCase)) ? new[] { "kstack" } : []];
        return _maps.Count == 1 ? _maps[0] : _maps.MaxBy(map => words.Concat(kinds).Count(word => map.Name.Contains(word, StringComparison.OrdinalIgnoreCase)))!;
    }
}
