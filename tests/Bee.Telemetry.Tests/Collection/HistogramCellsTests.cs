using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Tests.Collection;

public sealed class HistogramCellsTests
{
    private static readonly NumberField s_number = new(0, 8, false, false, 0, 0);

    public static TheoryData<ulong> Values
    {
        get
        {
            var values = new TheoryData<ulong> { 0, 1, 2 };
            for (var k = 2; k < 52; k++)
            {
                values.Add((1ul << k) - 1);
                values.Add(1ul << k);
                values.Add((1ul << k) + 1);
            }

            return values;
        }
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_falls_between_the_bounds_of_its_bucket(ulong value)
    {
        foreach (var said in new[] { MapMetadata.None, new MapMetadata { Buckets = [1, 10, 1000] }, new MapMetadata { Scale = new HistogramScale { Spacing = HistogramSpacing.Linear, Start = 5, Step = 2.5 } } })
        {
            var plan = Observed(said);
            AssertWithin(value, plan, plan.Scale.OfValue(value, false));
        }
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void A_slot_of_powers_of_two_falls_between_the_bounds_of_its_bucket(ulong value)
    {
        var slot = value < 2 ? 0 : System.Numerics.BitOperations.Log2(value);
        var plan = new SlotPlan(null!, [], new LabelLayout([]), BucketScale.ForSlots(MapMetadata.None, 64), null, s_number, 64, 0, null, false);

        AssertWithin(value, plan, plan.Scale.OfSlot((ulong)slot));
    }

    [Fact]
    public void Negative_values_have_a_separate_bucket_if_they_are_possible()
    {
        Assert.Equal(1, new HistogramCells(Observed(MapMetadata.None)).UpperBounds[0]);
        Assert.Equal(-1, new HistogramCells(Observed(MapMetadata.None, isSigned: true)).UpperBounds[0]);
    }

    [Fact]
    public void The_last_slot_of_a_program_has_no_upper_bound()
    {
        var cells = new HistogramCells(new SlotPlan(null!, [], new LabelLayout([]), BucketScale.ForSlots(MapMetadata.None, 27), null, s_number, 27, 0, null, false));

        Assert.Equal(26, cells.UpperBounds.Count);
        Assert.Equal(26, cells.Targets[27]);
        Assert.False(cells.HasSum);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void A_native_bucket_counts_values_up_to_its_power_of_two(ulong value)
    {
        foreach (var unit in new[] { MetricUnit.None, MetricUnits.Find("ns"), MetricUnits.Find("KiB") })
        {
            var scale = new NativeScale(unit);
            var totals = new ulong[scale.Totals];
            totals[scale.Of(value)]++;
            var native = scale.Make(totals);

            if (value == 0)
            {
                Assert.Equal(1ul, native.ZeroCount);
                Assert.Empty(native.Positive);
                continue;
            }

            Assert.Equal([1ul], native.Positive);
            Assert.InRange(unit.ToBase(value), Math.BitIncrement(Math.ScaleB(1, native.FirstIndex - 1)), Math.ScaleB(1, native.FirstIndex));
        }
    }

    private static ObservationPlan Observed(MapMetadata said, bool isSigned = false) =>
        new(null!, [], new LabelLayout([]), BucketScale.ForValues(said), s_number with { IsSigned = isSigned });

    private static void AssertWithin(ulong value, HistogramPlan plan, int bucket)
    {
        var cells = new HistogramCells(plan);
        var target = cells.Targets[bucket];
        Assert.True(target == 0 || value > cells.UpperBounds[target - 1], $"{value} is not above {cells.UpperBounds[Math.Max(0, target - 1)]}");
        Assert.True(target == cells.Buckets - 1 || value <= cells.UpperBounds[target]);
        Assert.Equal(cells.UpperBounds.Order().Distinct(), cells.UpperBounds);
    }
}
