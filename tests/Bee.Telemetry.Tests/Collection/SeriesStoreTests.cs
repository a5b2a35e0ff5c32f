using System.Globalization;
using System.Runtime.InteropServices;
using Bee.Telemetry.Collection;

namespace Bee.Telemetry.Tests.Collection;

public sealed class SeriesStoreTests
{
    private static readonly DateTime s_start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    [Fact]
    public void A_counter_has_the_value_of_its_entry_and_starts_with_the_session()
    {
        var map = new FakeMap();
        map.Pass((1, 7), (2, 9));
        map.Pass((1, 8), (2, 9));

        Assert.Equal(8ul, map.Total("1"));
        Assert.Equal(9ul, map.Total("2"));
        Assert.Equal(s_start, map.Of("1").Created);
    }

    [Fact]
    public void A_key_that_appears_later_starts_at_the_previous_pass()
    {
        var map = new FakeMap();
        map.Pass();
        var before = map.Now;
        map.Pass((1, 3));

        Assert.Equal(before, map.Of("1").Created);
    }

    [Fact]
    public void A_deleted_keys_last_value_is_kept_for_five_minutes_and_then_ends()
    {
        var map = new FakeMap();
        map.Pass((1, 7));
        map.Pass();
        for (var seconds = 0; seconds < 300; seconds += FakeMap.Step)
        {
            Assert.Equal(7ul, map.Total("1"));
            map.Pass();
        }

        Assert.Equal(0, map.Store.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public void A_key_that_returns_begins_anew_under_a_later_start(int passesWithout)
    {
        var map = new FakeMap();
        map.Pass((1, 7));
        var first = map.Of("1").Created;
        for (var i = 0; i < passesWithout; i++)
        {
            map.Pass();
        }

        map.Pass((1, 2));

        Assert.Equal(2ul, map.Total("1"));
        Assert.True(map.Of("1").Created > first);
    }

    [Fact]
    public void A_key_that_was_deleted_and_made_again_between_two_passes_begins_anew()
    {
        var map = new FakeMap();
        map.Pass((1, 7));
        map.Pass((1, 2));

        Assert.Equal(2ul, map.Total("1"));
        Assert.True(map.Of("1").Created > s_start);
    }

    [Theory]
    [InlineData(32, 4_294_967_290ul, 5ul, 11ul)]
    [InlineData(16, 65_535ul, 0ul, 1ul)]
    [InlineData(8, 250ul, 3ul, 9ul)]
    public void A_count_that_wraps_around_goes_on(int width, ulong from, ulong to, ulong grown)
    {
        var map = new FakeMap(width);
        map.Pass((1, from));
        map.Pass((1, to));

        Assert.Equal(from + grown, map.Total("1"));
        Assert.Equal(s_start, map.Of("1").Created);
    }

    [Fact]
    public void A_narrow_count_that_fell_by_less_than_half_its_range_began_anew()
    {
        var map = new FakeMap(width: 32);
        map.Pass((1, 1000));
        map.Pass((1, 3));

        Assert.Equal(3ul, map.Total("1"));
        Assert.True(map.Of("1").Created > s_start);
    }

    [Fact]
    public void Each_cpus_count_wraps_around_by_itself()
    {
        var store = new SeriesStore(0, [new Cell(0, 32, false)], 2, 1, false, Options());
        foreach (var numbers in new ulong[][] { [uint.MaxValue, 10], [4, 12] })
        {
            store.Begin(s_start.AddSeconds(1));
            store.Entry([], [], numbers, -1, static (_, _) => []);
            store.End();
        }

        Assert.Equal(uint.MaxValue + 10ul + 5 + 2, Assert.Single(store.All).Totals[0]);
    }

    [Fact]
    public void A_signed_count_goes_on_beyond_the_largest_number_of_its_type()
    {
        var map = new FakeMap(width: 32, isSigned: true);
        map.Pass((1, int.MaxValue));
        map.Pass((1, unchecked((ulong)int.MinValue)));

        Assert.Equal(int.MaxValue + 1ul, map.Total("1"));
    }

    [Fact]
    public void Keys_beyond_the_limit_are_added_up_and_stay_so()
    {
        var map = new FakeMap(limit: 2);
        map.Pass((1, 1), (2, 2), (3, 3), (4, 4));
        Assert.Equal(7ul, map.Overflow);

        // Keys in the overflow series stay there, even when the limit allows more series.
        for (var i = 0; i < 31; i++)
        {
            map.Pass((3, 3), (4, 4));
        }

        map.Pass((3, 5), (4, 4), (5, 50));
        Assert.Equal(9ul, map.Overflow);
        Assert.Equal(50ul, map.Total("5"));

        map.Pass((4, 4), (5, 50));
        Assert.Equal(9ul, map.Overflow);
    }

    [Fact]
    public void Keys_with_equal_labels_are_added_up_and_keep_the_counts_of_deleted_keys()
    {
        var map = new FakeMap { Label = key => key % 10 == 1 ? "same" : "other" };
        map.Pass((1, 5), (11, 6), (2, 1));
        Assert.Equal(11ul, map.Total("same"));

        map.Pass((11, 7), (2, 1));
        Assert.Equal(12ul, map.Total("same"));
        map.Pass((2, 1));
        map.Pass((2, 1), (21, 3));
        Assert.Equal(15ul, map.Total("same"));
        Assert.Equal(s_start, map.Of("same").Created);
    }

    [Fact]
    public void An_entry_that_a_pass_finds_twice_counts_once()
    {
        var map = new FakeMap();
        map.Pass((1, 5), (1, 6));
        Assert.Equal(6ul, map.Total("1"));

        var gauge = new FakeMap(isGauge: true);
        gauge.Pass((1, 5), (1, 5));
        Assert.Equal(5, gauge.Level("1"));
    }

    [Fact]
    public void A_gauge_follows_its_entry_and_ends_with_it()
    {
        var map = new FakeMap(isGauge: true, isSigned: true);
        map.Pass((1, 5), (2, unchecked((ulong)-3L)));
        map.Pass((1, 2), (2, unchecked((ulong)-3L)));
        Assert.Equal(2, map.Level("1"));
        Assert.Equal(-3, map.Level("2"));

        map.Pass((2, 1));
        Assert.Equal("2", Assert.Single(map.Store.All).Labels[0]);
    }

    [Fact]
    public void A_storm_of_keys_takes_no_more_memory_than_the_map_has_entries()
    {
        const int Entries = 4096;
        var map = new FakeMap(limit: 100);
        for (var pass = 0; pass < 100; pass++)
        {
            map.Pass([.. Enumerable.Range(pass * Entries, Entries).Select(key => (key, 1ul))]);
            Assert.True(map.Store.Room <= 2 * Entries);
            Assert.True(map.Store.Count <= 101);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_changes_of_keys_never_decrease_a_total_within_one_start_time(int seed)
    {
        var random = new Random(seed);
        var entries = new Dictionary<int, ulong>();
        var map = new FakeMap(limit: 20) { Label = key => (key / 2).ToString(CultureInfo.InvariantCulture) };
        var seen = new Dictionary<string, (ulong Total, DateTime Created)>();
        var isDeleted = false;
        for (var pass = 0; pass < 300; pass++)
        {
            for (var i = random.Next(20); i > 0; i--)
            {
                var key = random.Next(60);
                entries[key] = entries.GetValueOrDefault(key) + (ulong)random.Next(5);
            }

            if (pass > 100 && random.Next(4) == 0 && entries.Count > 0)
            {
                isDeleted |= entries.Remove(entries.Keys.ElementAt(random.Next(entries.Count)));
            }

            map.Pass([.. entries.Select(entry => (entry.Key, entry.Value))]);
            Assert.True(isDeleted || entries.Values.Aggregate(0ul, (sum, value) => sum + value) == map.Store.All.Aggregate(0ul, (sum, series) => sum + series.Totals[0]));
            foreach (var series in map.Store.All)
            {
                var name = series.IsOverflow ? "" : series.Labels[0];
                if (seen.TryGetValue(name, out var before))
                {
                    Assert.True(series.Created > before.Created || (series.Created == before.Created && series.Totals[0] >= before.Total));
                }

                seen[name] = (series.Totals[0], series.Created);
            }
        }
    }

    private static SessionMetricsOptions Options(int limit = 2000) => new() { Tool = "tool", Started = s_start, SeriesLimit = limit };

    private sealed class FakeMap(int width = 64, bool isSigned = false, bool isGauge = false, int limit = 2000)
    {
        public const int Step = 10;

        public SeriesStore Store { get; } = new(sizeof(int), [new Cell(0, width, isSigned)], 1, 1, isGauge, Options(limit));

        public Func<int, string> Label { get; init; } = key => key.ToString(CultureInfo.InvariantCulture);

        public DateTime Now { get; private set; } = s_start;

        public ulong Overflow => Store.All.Single(series => series.IsOverflow).Totals[0];

        public Series Of(string label) => Store.All.Single(series => !series.IsOverflow && series.Labels[0] == label);

        public ulong Total(string label) => Of(label).Totals[0];

        public int Level(string label) => (int)Of(label).Levels[0];

        public void Pass(params (int Key, ulong Value)[] entries)
        {
            Now += TimeSpan.FromSeconds(Step);
            Store.Begin(Now);
            foreach (var (key, value) in entries)
            {
                Store.Entry(BitConverter.GetBytes(key), [], [value], -1, (bytes, _) => [Label(MemoryMarshal.Read<int>(bytes))]);
            }

            Store.End();
        }
    }
}
