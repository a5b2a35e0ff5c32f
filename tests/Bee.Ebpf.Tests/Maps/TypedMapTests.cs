using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Maps;

[Collection(KernelFactAttribute.Collection)]
public class TypedMapTests
{
    [KernelFact]
    public void Entries_of_a_hash_map_are_set_read_and_removed()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        var map = session.Map<CallKey, ulong>("counter_by_argument");

        Assert.False(map.TryLookup(new(7), out _));
        map.Update(new(7), 70);
        map.Update(new(8), 80);
        map.Update(new(7), 71, MapWriteMode.OnlyExisting);

        Assert.True(map.TryLookup(new(7), out var value));
        Assert.Equal(71ul, value);
        var entries = map.Entries();
        Assert.Equal([(7, 71ul), (8, 80ul)], entries.Select(entry => (entry.Key.Argument, entry.Value)).Order());
        Assert.Equal(2, entries.Count());
        var untyped = map.Map.Entries();
        Assert.Equal(untyped.Count(), untyped.Count());
        Assert.Equal(MapFault.Exists, Assert.Throws<BpfMapException>(() => map.Update(new(7), 0, MapWriteMode.OnlyNew)).Fault);
        Assert.True(map.Delete(new(7)));
        Assert.False(map.Delete(new(7)));
        Assert.Equal(80ul, Assert.Single(map.Entries()).Value);
    }

    [KernelFact]
    public void A_per_CPU_map_has_a_value_for_each_CPU()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        var map = session.Map<uint, ulong>("gauge_slots");
        ulong[] values = [.. Enumerable.Range(1, map.ValuesPerKey).Select(i => (ulong)i)];
        map.Update(2, values);

        var read = new ulong[map.ValuesPerKey];
        Assert.True(map.TryLookup(2, read));
        Assert.Equal(values, read);
        Assert.Equal(values, map.EntriesOfAllCpus().Single(entry => entry.Key == 2).Value);
        Assert.False(map.TryLookup(4, read));
        Assert.Equal(MapFault.Unsupported, Assert.Throws<BpfMapException>(() => map.TryLookup(2, out _)).Fault);
        Assert.Equal(MapFault.Unsupported, Assert.Throws<BpfMapException>(() => map.Delete(2)).Fault);
        Assert.Throws<ArgumentException>(() => map.Update(2, new ulong[map.ValuesPerKey + 1]));
    }

    [KernelFact]
    public void Keys_and_values_of_another_type_are_refused()
    {
        using var session = Calls.Load(Fixture.Object("calls"));

        Refused(() => session.Map<uint, long>("gauge_slots"), "long does not match the value of map 'gauge_slots'", "Use ulong.");
        Refused(() => session.Map<int, ulong>("gauge_slots"), "int does not match the key", "Use uint.");
        Refused(() => session.Map<uint, uint>("gauge_slots"), "uint", "8 bytes");
        Refused(() => session.Map<int, ulong>("counter_by_argument"), "struct call_key", "argument");

        static void Refused(Action action, params string[] parts)
        {
            var e = Assert.Throws<BpfMapException>(action);
            Assert.Equal("MapEntry.TypeMismatch", e.Id);
            Assert.All(parts, part => Assert.Contains(part, $"{e.Message} {e.Remedy}", StringComparison.Ordinal));
        }
    }

    [KernelFact]
    public void An_untyped_map_updates_and_deletes_entries()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        var map = session.Map("counter_by_argument");
        map.Update(new Dictionary<string, object> { ["argument"] = -3 }, 5);

        Assert.Equal(5ul, map.Find(new Dictionary<string, object> { ["argument"] = -3 })!["Value"]);
        Assert.True(map.Delete(new Dictionary<string, object> { ["argument"] = -3 }));
        Assert.False(map.Delete(new Dictionary<string, object> { ["argument"] = -3 }));
    }

    private readonly record struct CallKey(int Argument);
}
