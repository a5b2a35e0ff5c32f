using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Histograms;

/// <summary>The bucket of a value or slot, compared with limits computed by hand.</summary>
public sealed class ScaleTests
{
    [Theory]
    [InlineData(0ul, 0d, 2d)]
    [InlineData(1ul, 0d, 2d)]
    [InlineData(2ul, 2d, 4d)]
    [InlineData(3ul, 2d, 4d)]
    [InlineData(4ul, 4d, 8d)]
    [InlineData(1023ul, 512d, 1024d)]
    [InlineData(1024ul, 1024d, 2048d)]
    [InlineData(1ul << 63, 9223372036854775808d, 18446744073709551616d)]
    [InlineData(ulong.MaxValue, 9223372036854775808d, 18446744073709551616d)]
    public void Log2_buckets_have_powers_of_two_as_limits(ulong value, double from, double to)
    {
        var scale = BucketScale.ForValues(MapMetadata.None);

        Assert.Equal((from, to), Limits(scale, scale.OfValue(value, isNegative: false)));
    }

    [Fact]
    public void Negative_values_have_a_bucket_of_their_own()
    {
        var scale = BucketScale.ForValues(MapMetadata.None);

        Assert.Equal((null, 0d), Limits(scale, scale.OfValue(unchecked((ulong)-5L), isNegative: true)));
    }

    [Theory]
    [InlineData(9d, null, 10d)]
    [InlineData(10d, 10d, 35d)]
    [InlineData(34d, 10d, 35d)]
    [InlineData(35d, 35d, 60d)]
    [InlineData(2509d, 2485d, 2510d)]
    // A hundred steps of 25 end at 2510.
    [InlineData(2510d, 2510d, null)]
    [InlineData(1e9, 2510d, null)]
    public void Linear_buckets_have_steps_as_limits(double value, double? from, double? to)
    {
        var scale = BucketScale.ForValues(Linear(10, 25));

        Assert.Equal((from, to), Limits(scale, scale.OfValue((ulong)value, isNegative: false)));
    }

    [Fact]
    public void Linear_steps_can_be_negative()
    {
        var scale = BucketScale.ForValues(Linear(-20, 10));

        Assert.Equal((-20d, -10d), Limits(scale, scale.OfValue(unchecked((ulong)-11L), isNegative: true)));
        Assert.Equal((null, -20d), Limits(scale, scale.OfValue(unchecked((ulong)-21L), isNegative: true)));
        Assert.Equal((0d, 10d), Limits(scale, scale.OfValue(0, isNegative: false)));
    }

    [Theory]
    [InlineData(0ul, null, 0d)]
    [InlineData(1ul, 0d, 10d)]
    [InlineData(10ul, 0d, 10d)]
    [InlineData(11ul, 10d, 20.5)]
    [InlineData(20ul, 10d, 20.5)]
    [InlineData(21ul, 20.5, null)]
    public void A_value_equal_to_a_named_limit_is_in_the_bucket_below(ulong value, double? from, double? to)
    {
        var scale = BucketScale.ForValues(new MapMetadata { Buckets = [0, 10, 20.5] });

        Assert.Equal((from, to), Limits(scale, scale.OfValue(value, isNegative: false)));
    }

    [Fact]
    public void The_last_of_a_fixed_number_of_slots_has_no_upper_limit()
    {
        var few = BucketScale.ForSlots(MapMetadata.None, 27);
        Assert.Equal((33554432d, 67108864d), Limits(few, few.OfSlot(25)));
        Assert.Equal((67108864d, null), Limits(few, few.OfSlot(26)));

        var all = BucketScale.ForSlots(MapMetadata.None, 64);
        Assert.Equal((9223372036854775808d, 18446744073709551616d), Limits(all, all.OfSlot(63)));
        Assert.Equal(-1, all.OfSlot(64));

        var linear = BucketScale.ForSlots(Linear(100, 5), 3);
        // Programs count values below the start in the first slot.
        Assert.Equal([(null, 105d), (105, 110), (110, null)], Enumerable.Range(0, 3).Select(slot => Limits(linear, linear.OfSlot((ulong)slot))));
        Assert.Equal(-1, linear.OfSlot(3));
    }

    [Fact]
    public void Slots_by_key_have_limits_on_both_sides()
    {
        var linear = BucketScale.ForSlots(Linear(100, 5), null);

        Assert.Equal((100d, 105d), Limits(linear, linear.OfSlot(0)));
        Assert.Equal((600d, 605d), Limits(linear, linear.OfSlot(100)));
    }

    [Fact]
    public void Slots_can_have_named_limits()
    {
        var scale = BucketScale.ForSlots(new MapMetadata { Buckets = [1, 5] }, 3);

        Assert.Equal([(null, 1d), (1, 5), (5, null)], Enumerable.Range(0, 3).Select(slot => Limits(scale, scale.OfSlot((ulong)slot))));
        Assert.Equal(-1, scale.OfSlot(3));
    }

    [Fact]
    public void Empty_buckets_are_omitted_only_at_the_ends()
    {
        var scale = BucketScale.ForValues(MapMetadata.None);
        var counts = new ulong[scale.Buckets];
        (counts[scale.OfValue(5, false)], counts[scale.OfValue(20, false)]) = (3, 1);

        Assert.Equal([(4d, 8d, 3ul), (8, 16, 0), (16, 32, 1)], scale.Make(counts).Select(bucket => (bucket.From!.Value, bucket.To!.Value, bucket.Count)));

        var named = BucketScale.ForValues(new MapMetadata { Buckets = [1, 2, 3] });
        Assert.Equal(4, named.Make(new ulong[named.Buckets]).Length);
    }

    private static MapMetadata Linear(double start, double step) =>
        new() { Scale = new HistogramScale { Spacing = HistogramSpacing.Linear, Start = start, Step = step } };

    private static (double? From, double? To) Limits(BucketScale scale, int bucket)
    {
        var counts = new ulong[scale.Buckets];
        counts[bucket] = 1;
        var made = scale.Make(counts).Single(item => item.Count == 1);
        return (made.From, made.To);
    }
}
