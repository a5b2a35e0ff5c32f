using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Maps;

/// <summary>Writes and removals of entries in the kernel, for each type of map that supports them.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class WriterTests : IDisposable
{
    private readonly BpfSession? _session = Fixture.HasClang && Environment.IsPrivilegedProcess ? Calls.Load(Fixture.Object("writable")) : null;

    [KernelFact]
    public void An_entry_is_written_by_its_fields_and_read_back()
    {
        var writer = Writer("callers");
        writer.Write(writer.Encode(Members(("pid", 7), ("comm", "sh"), ("port", 80), ("count", 5), ("last", -3), ("flags", 5), ("rest", 9), ("level", "HIGH"), ("bytes", new[] { 1, 2, 3, 4 }))));
        var entry = Assert.Single(writer.Map.Entries());

        Assert.Equal((7u, "sh", (ushort)80, 5ul, -3, 5u, 9u, "HIGH"), (entry.Get("pid"), entry.Get("comm"), entry.Get("port"), entry.Get("count"), entry.Get("last"),
            entry.Get("flags"), entry.Get("rest"), entry.Get("level")!.ToString()));
        Assert.Equal("[1,2,3,4]", entry.Get("bytes")!.ToString());
    }

    [KernelFact]
    public void Omitted_fields_keep_their_value()
    {
        var writer = Writer("callers");
        var key = Members(("pid", 7), ("comm", "sh"), ("port", 80));
        writer.Write(writer.Encode(Members(("Key", key), ("Value", Members(("count", 5), ("last", 1))))));
        writer.Write(writer.Encode(Members(("Key", key), ("last", 2))));
        var entry = Assert.Single(writer.Map.Entries());

        Assert.Equal((5ul, 2), (entry.Get("count"), entry.Get("last")));
    }

    [KernelFact]
    public void Write_with_a_short_list_zeroes_the_rest_of_the_array()
    {
        var writer = Writer("callers");
        var key = Members(("pid", 7), ("comm", "sh"), ("port", 80));
        writer.Write(writer.Encode(Members(("Key", key), ("count", 5), ("bytes", new[] { 1, 2, 3, 4 }))));
        writer.Write(writer.Encode(Members(("Key", key), ("bytes", new[] { 9 }))));
        Assert.Equal("[9,0,0,0]", Assert.Single(writer.Map.Entries()).Get("bytes")!.ToString());
        // A single value counts as a list of one.
        writer.Write(writer.Encode(Members(("Key", key), ("bytes", 9))));
        var entry = Assert.Single(writer.Map.Entries());

        Assert.Equal((5ul, "[9,0,0,0]"), (entry.Get("count"), entry.Get("bytes")!.ToString()));
    }

    [KernelFact]
    public void An_entry_that_was_read_can_be_written_back_and_removed()
    {
        var writer = Writer("callers");
        var encoded = writer.Encode(Members(("pid", 7), ("comm", "sh"), ("port", 80), ("count", 5)));
        // Padding counts in a key.
        encoded.Key[^1] = 0xaa;
        writer.Write(encoded);
        var entry = Assert.Single(writer.Map.Entries());

        Assert.Equal(encoded.Key, writer.Encode(entry).Key);
        Assert.Equal(encoded.Value, writer.Encode(entry).Value);
        writer.Remove(writer.EncodeKeyOf(entry));
        Assert.Empty(writer.Map.Entries());
    }

    [KernelFact]
    public void Invalid_entries_fail_with_a_reason()
    {
        var writer = Writer("callers");
        Assert.Contains("'comm'?", Fails(MapFault.UnknownField, () => writer.Encode(Members(("pid", 7), ("com", "sh"), ("port", 80), ("count", 5)))).Message, StringComparison.Ordinal);
        Assert.Contains("lacks comm, port", Fails(MapFault.MissingField, () => writer.Encode(Members(("pid", 7), ("count", 5)))).Message, StringComparison.Ordinal);
        Fails(MapFault.MissingField, () => writer.Encode(Members(("count", 5))));
        Fails(MapFault.MissingField, () => writer.Encode(Members(("pid", 7), ("comm", "sh"), ("port", 80))));
        Assert.Contains("0 to 65535", Fails(MapFault.BadKey, () => writer.EncodeKey(Members(("pid", 7), ("comm", "sh"), ("port", 65536)))).Message, StringComparison.Ordinal);
        Assert.Contains("'flags' ", Fails(MapFault.BadValue, () => writer.Encode(Members(("pid", 7), ("comm", "sh"), ("port", 80), ("flags", 8)))).Message, StringComparison.Ordinal);
        Fails(MapFault.BadValue, () => writer.Encode(Members(("pid", 7), ("comm", "sh"), ("port", 80), ("level", "TOP"))));
        Fails(MapFault.BadKey, () => writer.EncodeKey(5));
        Fails(MapFault.UnknownField, () => writer.EncodeKey(Members(("pid", 7), ("comm", "sh"), ("port", 80), ("prot", 1))));
        Fails(MapFault.Ambiguous, () => writer.Encode(Members(("Key", Members(("pid", 7), ("comm", "sh"), ("port", 80))), ("pid", 8), ("count", 1))));
        Fails(MapFault.BadKey, () => Writer("settings").EncodeKey(4));
        Fails(MapFault.BadKey, () => Writer("waiting").EncodeKey(1));
    }

    [KernelFact]
    public void Errors_of_the_kernel_are_explained()
    {
        var writer = Writer("callers");
        for (var i = 0; i < 8; i++)
        {
            writer.Write(writer.Encode(Members(("pid", i), ("comm", "sh"), ("port", 80), ("count", 5))));
        }

        Assert.Contains("at most 8 entries", Fails(MapFault.Full, () => writer.Write(writer.Encode(Members(("pid", 8), ("comm", "sh"), ("port", 80), ("count", 5))))).Message, StringComparison.Ordinal);
        Fails(MapFault.Exists, () => writer.Write(writer.Encode(Members(("pid", 1), ("comm", "sh"), ("port", 80), ("count", 5))), MapWriteMode.OnlyNew));
        Fails(MapFault.NotFound, () => writer.Write(writer.Encode(Members(("pid", 9), ("comm", "sh"), ("port", 80), ("count", 5))), MapWriteMode.OnlyExisting));
        Fails(MapFault.NotFound, () => writer.Remove(writer.EncodeKey(Members(("pid", 9), ("comm", "sh"), ("port", 80)))));
        Fails(MapFault.Exists, () => Writer("settings").Write(Writer("settings").Encode(1, 2), MapWriteMode.OnlyNew));
        Fails(MapFault.Unsupported, () => Writer("settings").Remove(new byte[4]));
        var constants = new MapWriter(Map(".rodata"));
        Assert.Contains("Parameters", Fails(MapFault.ReadOnly, () => constants.Write(new EncodedEntry(new byte[4], new byte[Map(".rodata").Description.ValueSize]))).Remedy, StringComparison.Ordinal);
        Assert.Contains("BPF_F_RDONLY", Fails(MapFault.ReadOnly, () => Writer("to_read").Write(Writer("to_read").Encode(1, 1))).Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void One_value_for_a_per_CPU_map_becomes_the_total()
    {
        var writer = Writer("each_cpu");
        writer.Write(writer.Encode(1, 40));
        var entry = Assert.Single(writer.Map.Entries());
        Assert.Equal(40ul, entry.Get("Value"));

        var values = Enumerable.Range(1, Cpus.Possible).ToArray();
        writer.Write(writer.Encode(Members(("Key", 1), ("Values", values))));
        entry = Assert.Single(writer.Map.Entries());
        Assert.Equal((ulong)values.Sum(), entry.Get("Value"));
        writer.Write(writer.Encode(entry));
        Assert.Equal(entry.ToString(), Assert.Single(writer.Map.Entries()).ToString());

        Fails(MapFault.BadValue, () => writer.Encode(Members(("Key", 1), ("Values", new int[Cpus.Possible + 1]))));
        Fails(MapFault.Ambiguous, () => writer.Encode(Members(("Key", 1), ("Value", 7), ("Values", values))));
        Assert.NotEmpty(writer.Encode(Members(("Key", 1), ("Value", values.Sum()), ("Values", values))).Value);
    }

    [KernelFact]
    public void Fields_of_a_per_CPU_struct_become_their_totals()
    {
        var writer = Writer("each_slot");
        writer.Write(writer.Encode(Members(("Key", 1), ("count", 9))));
        var entry = writer.Find(writer.EncodeKey(1))!;

        Assert.Equal(9ul, entry.Get("count"));
    }

    [KernelFact]
    public void Queues_and_stacks_show_the_next_value_and_return_it_when_taken()
    {
        foreach (var (name, next) in new[] { ("waiting", 1u), ("pile", 3u) })
        {
            var writer = Writer(name);
            Assert.Empty(writer.Map.Entries());
            for (var i = 1; i <= 3; i++)
            {
                writer.Write(writer.Encode(null, i));
            }

            Assert.Equal(next, Assert.Single(writer.Map.Entries()).Get("Value"));
            Assert.Equal(next, Assert.Single(writer.Map.Entries()).Get("Value"));
            Assert.Null(writer.Map.Count());
            Fails(MapFault.Full, () => writer.Write(writer.Encode(null, 4)));
            writer.Write(writer.Encode(Members(("Value", 4))), MapWriteMode.OnlyExisting);
            Assert.Equal(name == "waiting" ? [2u, 3u] : [4u, 3u], writer.Take(2).Select(e => (uint)e.Get("Value")!));
            Assert.Single(writer.Take(100));
            Assert.Empty(writer.Take(1));
        }
    }

    [KernelFact]
    public void A_bloom_filter_can_be_written_but_not_read()
    {
        var writer = Writer("filter");
        writer.Write(writer.Encode(null, 42));
        var value = BitConverter.GetBytes(42);

        Assert.True(writer.Map.TryRead([], value));
        Assert.False(writer.Map.CanRead);
        Assert.Contains("Bloom filter", Assert.Throws<NotSupportedException>(() => writer.Map.Entries()).Message, StringComparison.Ordinal);
        Fails(MapFault.Unsupported, () => writer.Remove([]));
    }

    [KernelFact]
    public void Keys_of_an_LPM_trie_are_addresses_with_prefixes()
    {
        foreach (var (name, prefix, wrong) in new[] { ("routes", "10.1.0.0/16", "10.0.0.0/33"), ("routes6", "2001:db8::/32", "2001:db8::/129"), ("bare", "192.0.2.0/24", "x/8") })
        {
            var writer = Writer(name);
            writer.Write(name == "bare" ? new EncodedEntry(writer.EncodeKey(prefix), [1, 0, 0, 0]) : writer.Encode(prefix, 1));
            var entry = Assert.Single(writer.Map.Entries());

            Assert.Equal(prefix, entry.Get("Key"));
            Assert.Equal(uint.Parse(prefix.Split('/')[1]), entry.Get("prefixlen"));
            Fails(MapFault.BadKey, () => writer.EncodeKey(wrong));
            writer.Remove(writer.EncodeKeyOf(entry));
            Assert.Empty(writer.Map.Entries());
        }

        var routes = Writer("routes");
        routes.Write(routes.Encode(Members(("prefixlen", 8), ("network", "10.0.0.0"), ("Value", 3))));
        routes.Write(routes.Encode("192.0.2.1", 4));
        Assert.Equal(["10.0.0.0/8", "192.0.2.1/32"], routes.Map.Entries().Select(e => (string)e.Get("Key")!).Order());
    }

    [KernelFact]
    public void Inner_maps_are_listed_read_and_replaced()
    {
        var outer = Map("outer");
        var inner = Assert.Single(outer.InnerMaps());
        Assert.Equal("outer/1", inner.Name);
        var first = Writer("first");
        first.Write(first.Encode(5, 50));
        Assert.Equal(50ul, Assert.Single(inner.Entries()).Get("Value"));

        var writer = new MapWriter(outer);
        writer.Write(writer.Encode(2, Map("second").Id));
        Assert.Equal([("outer/1", Map("first").Id), ("outer/2", Map("second").Id)], outer.InnerMaps().Select(m => (m.Name, m.Id)));
        Fails(MapFault.BadValue, () => writer.Write(writer.Encode(2, Map("settings").Id)));
        Fails(MapFault.BadValue, () => writer.Write(writer.Encode(2, int.MaxValue)));
        writer.Remove(writer.EncodeKey(2));
        Assert.Single(outer.InnerMaps());
    }

    [KernelFact]
    public void Replace_leaves_only_the_given_entries()
    {
        var writer = Writer("numbers");
        for (var i = 0; i < 100; i++)
        {
            writer.Write(writer.Encode(i, i));
        }

        Assert.Equal(95, writer.Replace([.. Enumerable.Range(95, 10).Select(i => writer.Encode(i, 1000 + i))]));
        Assert.Equal(Enumerable.Range(95, 10).Select(i => (uint)i), writer.Map.Entries().Select(e => (uint)e.Get("Key")!).Order());
        Assert.All(writer.Map.Entries(), e => Assert.Equal(1000 + (uint)e.Get("Key")!, (ulong)e.Get("Value")!));

        var settings = Writer("settings");
        settings.Write(settings.Encode(0, 7));
        settings.Replace([settings.Encode(2, -9)]);
        Assert.Equal([0L, 0, -9, 0], settings.Map.Entries().Select(e => (long)e.Get("Value")!));
    }

    [KernelFact]
    public void Many_entries_are_written()
    {
        var writer = Writer("numbers");
        for (var i = 0; i < 100_000; i++)
        {
            writer.Write(writer.Encode(i, i));
        }

        Assert.Equal(100_000, writer.Map.Count());
    }

    [KernelFact]
    public void A_full_LRU_map_evicts_the_oldest_entry()
    {
        var writer = Writer("recent");
        for (var i = 0; i < 1000; i++)
        {
            writer.Write(writer.Encode(i, i));
        }

        Assert.InRange(writer.Map.Count()!.Value, 1, 64);
    }

    [KernelFact]
    public void Entries_of_a_disposed_session_cannot_be_written()
    {
        var writer = Writer("numbers");
        _session!.Dispose();

        Assert.Throws<ObjectDisposedException>(() => writer.Write(writer.Encode(1, 1)));
    }

    public void Dispose() => _session?.Dispose();

    private BpfMap Map(string name) => _session!.Maps.Single(m => m.Name == name);

    private MapWriter Writer(string name) => new(Map(name));

    private static Dictionary<string, object?> Members(params (string Name, object? Value)[] members) => members.ToDictionary(m => m.Name, m => m.Value);

    private static BpfMapException Fails(MapFault fault, Action work)
    {
        var error = Assert.Throws<BpfMapException>(work);
        Assert.True(error.Fault == fault, $"{error.Fault}: {error.Message}");
        return error;
    }

    private static BpfMapException Fails(MapFault fault, Func<object> work) => Fails(fault, () => { work(); });
}
