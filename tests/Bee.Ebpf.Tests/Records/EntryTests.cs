using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Records;

/// <summary>Entries of maps.</summary>
public sealed class EntryTests
{
    private const string Declarations = """
        struct key { u32 pid; char comm[13]; } __attribute__((packed)); struct value { u64 count; u32 pid; s32 delta; char last[8]; ipv4_addr peer; };
        """;

    [ClangFact]
    public void An_entry_of_a_hash_has_key_value_and_their_fields()
    {
        using var c = new CProgram(Declarations, ["struct key", "struct value"], """
            struct key k = { 7, "sshd" }; struct value v = { 5, 8, -9, "x", 0x0100007f }; put(&k, sizeof k); put(&v, sizeof v);
            """);
        var type = EntryType.ForMap(Map(MapType.Hash, c.Struct("key"), c.Struct("value")));
        Assert.Equal(["MapName", "Key", "Value", "pid", "comm", "count", "pid_2", "delta", "last", "peer"], type.Names());
        var e = type.Decode(c.Output.AsSpan(0, 17), c.Output.AsSpan(17));
        Assert.Equal("counter_test", e.Get("MapName"));
        Assert.Equal(7u, e.Get("Key.pid"));
        Assert.Equal("sshd", e.Get("Key.comm"));
        Assert.Equal(5ul, e.Get("Value.count"));
        Assert.Equal((7u, "sshd", 5ul, 8u, -9, "x"), ((uint)e.Get("pid")!, (string)e.Get("comm")!, (ulong)e.Get("count")!, (uint)e.Get("pid_2")!, (int)e.Get("delta")!, (string)e.Get("last")!));
        Assert.Equal("127.0.0.1", e.Get("peer"));
        Assert.Equal((0, 0, 12, 8), (type.Fields[1].Offset, type.Fields[2].Offset, type.Fields[7].Offset, type.Fields[6].Offset));
        Assert.False(type.IsPerCpu);
        Assert.IsAssignableFrom<MapEntry>(e);
        Assert.Same(type.ClrType, EntryType.ForMap(Map(MapType.Hash, c.Struct("key"), c.Struct("value"))).ClrType);

        Assert.Equal(17, Assert.Throws<ShortRecordException>(() => type.Decode(new byte[16], new byte[32])).Expected);
        Assert.Equal((32, 31), Assert.Throws<ShortRecordException>(() => type.Decode(new byte[17], new byte[31])) is { } fault ? (fault.Expected, fault.Found) : default);
    }

    [ClangFact]
    public void Per_CPU_integers_are_added_up()
    {
        using var c = new CProgram("", ["u32", "s64", "u64"]);
        var type = EntryType.ForMap(Map(MapType.PerCpuArray, c.Root(0), c.Root(0)));
        Assert.Equal(["MapName", "Key", "Value", "Values"], type.Names());
        // Each value has four bytes, rounded up to eight. The padding is arbitrary.
        var e = type.Decode([3, 0, 0, 0], [1, 0, 0, 0, 99, 99, 99, 99, 255, 255, 255, 255, 99, 99, 99, 99]);
        Assert.Equal(3u, e.Get("Key"));
        Assert.Equal(0x1_0000_0000ul, e.Get("Value"));
        Assert.Equal([1u, uint.MaxValue], (BpfArray<uint>)e.Get("Values")!);
        Assert.True(type.IsPerCpu);
        Assert.Throws<ShortRecordException>(() => type.Decode(new byte[4], new byte[7]));

        var signed = EntryType.ForMap(Map(MapType.PerCpuHash, c.Root(0), c.Root(1)));
        e = signed.Decode(new byte[4], [255, 255, 255, 255, 255, 255, 255, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        Assert.Equal(2L, e.Get("Value"));
        Assert.Equal([-1L, 3L, 0L], (BpfArray<long>)e.Get("Values")!);
    }

    [ClangFact]
    public void Integers_in_per_CPU_structs_are_added_up()
    {
        using var c = new CProgram(Declarations, ["struct value"], """
            struct value v[3] = { { 1, 2, -3 }, { 10, 0xffffffff, -30 }, { 100, 200, -300 } }; put(v, sizeof v);
            """);
        var type = EntryType.ForMap(Map(MapType.PerCpuHash, null, c.Struct("value"), keySize: 3));
        Assert.Equal(["MapName", "Key", "Value", "Values", "count", "pid", "delta"], type.Names());
        var e = type.Decode([1, 2, 3], c.Output);
        Assert.Equal([1, 2, 3], e.Ints("Key"));
        Assert.Equal((111ul, 0x1_0000_00c9ul, -333L), ((ulong)e.Get("count")!, (ulong)e.Get("pid")!, (long)e.Get("delta")!));
        Assert.Equal(200u, e.Get("Values[2].pid"));
        Assert.Equal(e.Get("Values"), e.Get("Value"));
    }

    [Fact]
    public void Entries_without_BTF_have_bytes_and_indexes()
    {
        var type = EntryType.ForMap(Map(MapType.Hash, null, null, 3, 5));
        var e = type.Decode([1, 2, 3], [4, 5, 6, 7, 8]);
        Assert.Equal([1, 2, 3], e.Ints("Key"));
        Assert.Equal([4, 5, 6, 7, 8], e.Ints("Value"));

        e = EntryType.ForMap(Map(MapType.Array, null, null, 4, 2)).Decode([9, 0, 0, 0], [1, 2]);
        Assert.Equal(9u, e.Get("Key"));

        e = EntryType.ForMap(Map(MapType.Queue, null, null, 0, 2)).Decode([], [1, 2]);
        Assert.Null(e.Get("Key"));
        Assert.Equal([1, 2], e.Ints("Value"));
    }

    private static MapDescription Map(MapType type, BtfType? key, BtfType? value, int? keySize = null, int? valueSize = null) => new()
    {
        Name = "counter_test",
        Type = type,
        Key = key,
        Value = value,
        KeySize = (uint)(keySize ?? key!.Size),
        ValueSize = (uint)(valueSize ?? value!.Size),
    };
}
