using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Mutation;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Histograms;

/// <summary>Damaged BTF: the maps have histograms, or a reason why not.</summary>
public sealed class DamageTests
{
    [ClangFact]
    public void Damaged_types_return_a_reason_and_never_throw()
    {
        const int Count = 2000;
        var mutator = new Mutator([Fixture.Object("histograms").Bytes.ToArray()], seed: 20);
        int read = 0, refused = 0;
        for (var i = 0; i < Count; i++)
        {
            ObjectFile file;
            try
            {
                file = ObjectFile.Read(mutator.Make(i), "damaged.o");
            }
            catch (BpfObjectException)
            {
                continue;
            }

            // Maps without a histogram prefix may be read as histograms too.
            foreach (var map in file.Maps.Where(map => !map.IsInternal))
            {
                try
                {
                    if (HistogramType.WhyNot(map) is { } reason)
                    {
                        Assert.NotEmpty(reason);
                        refused++;
                        continue;
                    }

                    Feed(HistogramType.For(map, out _)!, map);
                    read++;
                }
                catch (BpfObjectException)
                {
                    refused++;
                }
            }
        }

        Assert.True(read > Count / 10 && refused > 0, $"{read} read, {refused} refused");
    }

    // All bits set, as a program might send them.
    private static void Feed(HistogramType type, MapDescription map)
    {
        if (type.Plan is not ObservationPlan plan || plan.Record.Size > 1 << 16)
        {
            return;
        }

        var tally = new HistogramTally(new RecordStream(map.Name, map, null, null, type), all: false);
        var record = new byte[plan.Record.Size];
        Array.Fill(record, (byte)0xff);
        tally.Observe(record);
        var (sink, stopped) = (new CollectingSink(), false);
        tally.Poll(sink, ref stopped);
        Assert.NotEmpty(Assert.Single(sink.Events).ToString());
    }
}
