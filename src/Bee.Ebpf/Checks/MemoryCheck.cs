using System.Globalization;
using System.Numerics;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Checks;

/// <summary>Checks how much memory the maps need, and whether the machine has it.</summary>
internal static class MemoryCheck
{
    private const string Name = "Memory";
    private const int MostMaps = 4;

    // A larger share of the free memory affects other processes.
    private const double Much = 0.25;

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        if (context.File.Maps.Count == 0)
        {
            yield return new(Name, CheckState.Ok, "The object has no maps.");
            yield break;
        }

        var memory = new MapMemory(context.Kernel.Kernel.Types, Possible, Environment.SystemPageSize);
        var known = context.File.Maps.Where(m => m.Place is null).Select(m => (Map: m, Bytes: memory.Estimate(m))).ToList();
        var total = known.Sum(m => m.Bytes ?? 0);
        var reader = context.File.Maps.Sum(memory.Reader);
        var text = $"The maps need about {Size(total)}: {string.Join(", ", known.Where(m => m.Bytes is not null).OrderByDescending(m => m.Bytes).Take(MostMaps).Select(m => $"{m.Map.Name} {Size(m.Bytes!.Value)}"))}"
            + (known.Count > MostMaps ? " and others" : "") + $", for {CheckContext.Count(Possible, "CPU")}"
            + (reader > 0 ? $"; reading its perf buffers needs another {Size(reader)}" : "") + ".";
        if (known.Where(m => m.Bytes is null).Select(m => $"{m.Map.Name} ({m.Map.Type})").ToList() is { Count: > 0 } unknown)
        {
            text += $" Not counted: {CheckContext.List(unknown)}.";
        }

        var free = context.Kernel.Kernel.IsRunning ? Available() : null;
        var needed = total + reader;
        yield return free switch
        {
            { } bytes when needed > bytes => new(Name, CheckState.Failed, $"{text} This machine has {Size(bytes)} free.") { Remedy = "Make the largest maps smaller (max_entries)." },
            { } bytes when needed > Much * bytes => new(Name, CheckState.Warning, $"{text} This machine has {Size(bytes)} free."),
            _ => new(Name, CheckState.Ok, text),
        };
    }

    private static string Size(long bytes) => FieldText.ByteSize((ulong)bytes);

    // Read from /sys directly, so that the check works without libbpf.
    private static int Possible
    {
        get
        {
            try
            {
                return Cpus.ParseList(RegularFile.ReadAllText("/sys/devices/system/cpu/possible").Trim()).Count;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                return Environment.ProcessorCount;
            }
        }
    }

    private static long? Available()
    {
        const string Field = "MemAvailable:";
        try
        {
            var line = RegularFile.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
            return line is not null && long.TryParse(line[Field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes) ? kilobytes << 10 : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>
/// Estimates the kernel memory of maps by the kernel's own rules (the map_mem_usage of each type, Linux 6.4 and later; the
/// memlock of /proc/PID/fdinfo), with the sizes of structs from the kernel's types. Maps that grow are counted as full.
/// </summary>
/// <param name="types">The kernel's types, or null for typical sizes.</param>
/// <param name="cpus">The number of possible CPUs, online or not.</param>
/// <param name="pageSize">The size of a page in bytes.</param>
internal sealed class MapMemory(BtfSpec? types, int cpus, int pageSize)
{
    private const int Pointer = 8;
    private const uint NoPreallocation = 1, NoCommonLru = 2, Mappable = 1 << 10;
    private const int Fd = 4, Locks = 8;

    /// <summary>Returns the memory of one map in bytes, or null for unsupported types. A global variable counts as 0, because its section's map contains it.</summary>
    /// <param name="map">The map as the object declares it.</param>
    public long? Estimate(MapDescription map)
    {
        ArgumentNullException.ThrowIfNull(map);
        if (map.Place is not null)
        {
            return 0;
        }

        long entries = map.MaxEntries;
        long value = map.ValueSize;
        switch (map.Type)
        {
            case MapType.Array or MapType.PerCpuArray:
                return Array(map, entries, Round(value, 8));
            case MapType.PerfEventArray:
                // If the declaration has no number, libbpf creates one entry per CPU.
                return Array(map, entries == 0 ? cpus : entries, Pointer);
            case MapType.ProgramArray or MapType.CgroupArray or MapType.ArrayOfMaps:
                return Array(map, entries, Pointer);
            case MapType.Hash or MapType.LruHash or MapType.PerCpuHash or MapType.LruPerCpuHash:
                return Hash(map, entries, value);
            case MapType.HashOfMaps:
                return Hash(map, entries, Fd);
            case MapType.RingBuffer or MapType.UserRingBuffer:
                return Ring(entries);
            case MapType.Queue or MapType.Stack:
                return Size("bpf_queue_stack", 312) + (entries + 1) * value;
            case MapType.LpmTrie:
                // Nodes are allocated on demand. A full trie has one per entry, and up to as many intermediate ones.
                return Size("lpm_trie", 400) + 2 * entries * (Size("lpm_trie_node", 24) + map.KeySize - sizeof(uint) + value);
            case MapType.StackTrace:
                return Size("bpf_stack_map", 320) + (long)Power(entries) * Pointer + entries * (Size("stack_map_bucket", 16) + Round(value, 8));
            case MapType.BloomFilter:
                return Size("bpf_bloom_filter", 312) + Bits(entries) / 8;
            default:
                return null;
        }
    }

    /// <summary>Returns the memory of a map's reader in bytes: for a perf buffer, one ring of pages per CPU.</summary>
    /// <param name="map">The map.</param>
    public long Reader(MapDescription map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return map.Type == MapType.PerfEventArray && map.Role != MapRole.None ? (long)(PerfRing.DataPages + 1) * pageSize * cpus : 0;
    }

    private long Array(MapDescription map, long entries, long element)
    {
        var head = Size("bpf_array", 312);
        if (map.Type == MapType.PerCpuArray)
        {
            return head + entries * Pointer + entries * element * cpus;
        }

        // libbpf makes global variables mappable, so that they can be changed without a system call.
        var isVisible = map is { IsInternal: true, Value: BtfDataSection section } && section.Entries.Any(e => e.Variable is { Linkage: not BtfLinkage.Static });
        return isVisible || (map.Flags & Mappable) != 0 ? Round(head, pageSize) + Round(entries * element, pageSize) : head + entries * element;
    }

    private long Hash(MapDescription map, long entries, long value)
    {
        var isLru = map.Type is MapType.LruHash or MapType.LruPerCpuHash;
        var isPerCpu = map.IsPerCpu;
        if (isLru && (map.Flags & NoCommonLru) != 0)
        {
            entries = Round(entries, cpus);
        }

        var rounded = Round(value, 8);
        var element = Size("htab_elem", 48) + Round(map.KeySize, 8) + (isPerCpu ? Pointer : rounded);
        var head = Size("bpf_htab", 832) + (long)Power(entries) * Size("bucket", 16) + Locks * sizeof(int) * cpus;
        if ((map.Flags & NoPreallocation) != 0)
        {
            // Each element has a link for the allocator's list.
            return head + entries * (element + Pointer + (isPerCpu ? 2 * Pointer + rounded * cpus : 0));
        }

        // A spare element per CPU lets updates proceed before the old element is freed.
        if (!isPerCpu && !isLru)
        {
            entries += cpus;
        }

        return head + element * entries + (isPerCpu ? rounded * cpus * entries : isLru ? 0 : Pointer * cpus);
    }

    // The data pages are mapped twice in sequence, so that a record never wraps around.
    private long Ring(long bytes)
    {
        var meta = (Offset("bpf_ringbuf", "consumer_pos", 4096) / pageSize) + 2;
        var data = (long)Power(Round(bytes, pageSize) / pageSize);
        return Size("bpf_ringbuf_map", 304) + (meta + data) * pageSize + (meta + 2 * data) * Pointer;
    }

    private static long Bits(long entries)
    {
        // Five hash functions, unless map_extra differs; 7/5 of entries times functions bits, rounded up to a power of two.
        const int Functions = 5;
        return Math.Max(64, (long)Power(Functions * entries / 5 * 7));
    }

    private long Size(string name, int typical) => types?.Find(name, BtfKind.Struct)?.Size ?? typical;

    private long Offset(string name, string member, int typical) =>
        types?.Find(name, BtfKind.Struct) is BtfStruct type && type.Members.FirstOrDefault(m => m.Name == member) is { } found ? found.BitOffset / 8 : typical;

    private static long Round(long number, long to) => (number + to - 1) / to * to;

    private static ulong Power(long number) => BitOperations.RoundUpToPowerOf2((ulong)Math.Max(1, number));
}
