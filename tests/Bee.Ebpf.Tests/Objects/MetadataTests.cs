using System.Buffers.Binary;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Objects;

/// <summary>Metadata is validated against the object and added to its descriptions.</summary>
public class MetadataTests
{
    private static ObjectMetadata Of(string map, MapMetadata said) => new() { Maps = new Dictionary<string, MapMetadata> { [map] = said } };

    private static ObjectMetadata Default(string parameter, object value) =>
        new() { Parameters = new Dictionary<string, ParameterMetadata> { [parameter] = new() { Default = value } } };

    [ClangFact]
    public void The_kind_beats_the_prefix_and_the_file_is_not_changed()
    {
        var file = Fixtures.Read("maps");
        var said = file.WithMetadata(Of("counter_calls", new MapMetadata { Kind = MapRole.None, Help = "help" }));

        var map = said.Maps.Single(m => m.Name == "counter_calls");
        Assert.Equal((MapRole.None, "help"), (map.Role, map.Metadata.Help));
        Assert.Equal(MapRole.Counter, file.Maps.Single(m => m.Name == "counter_calls").Role);
        Assert.Same(file.Btf, said.Btf);
        Assert.Equal(MapRole.Gauge, said.WithMetadata(Of("counter_calls", new MapMetadata { Kind = MapRole.Gauge })).Maps.Single(m => m.Name == "counter_calls").Role);
    }

    [ClangFact]
    public void A_programs_target_can_be_another()
    {
        var file = Fixtures.Read("programs").WithMetadata(new ObjectMetadata
        {
            Programs = new Dictionary<string, ProgramMetadata> { ["tp_long"] = new() { AttachTo = "sched/sched_wakeup", Description = "wakes" } },
        });

        var program = file.Programs.Single(p => p.Name == "tp_long");
        Assert.Equal(("sched/sched_wakeup", "sched/sched_switch", "wakes"), (program.AttachTo, program.SectionTarget, program.Description));
    }

    [ClangFact]
    public void Values_start_from_the_default_in_the_metadata()
    {
        var file = Fixtures.Read("parameters");
        var said = file.WithMetadata(Default("limits", new Dictionary<string, object?> { ["high"] = "9" })).WithMetadata(Default("table", new object[] { new object[] { "7" } }));

        var limits = said.Parameters.Single(p => p.Name == "limits");
        Assert.Equal((1u, 9ul), Limits(ParameterEncoder.Default(limits)));
        Assert.Equal((5u, 9ul), Limits(ParameterEncoder.Encode(limits, new Dictionary<string, object?> { ["low"] = 5 })));
        Assert.Equal((1u, 2ul), Limits(ParameterEncoder.Default(file.Parameters.Single(p => p.Name == "limits"))));
        Assert.Equal([7, 0, 0, 0, 0, 0], ParameterEncoder.Default(said.Parameters.Single(p => p.Name == "table")).Chunk(4).Select(word => (int)BitConverter.ToUInt32(word)));
        Assert.Equal(file.Parameters.Single(p => p.Name == "target_pid").Default.ToArray(), ParameterEncoder.Default(said.Parameters.Single(p => p.Name == "target_pid")));
    }

    [ClangFact]
    public void A_default_that_does_not_fit_is_a_fault()
    {
        foreach (var (parameter, value, problem) in new[]
        {
            ("target_pid", "many", "whole number"), ("target_pid", "99999999999", "range"), ("mode", "MODE_NONE", "MODE_ON"), ("name_filter", "a name that is too long", "room for 15"),
        })
        {
            var fault = Assert.Single(MetadataCheck.Check(Default(parameter, value), Fixtures.Read("parameters")));
            Assert.Equal($"parameters/{parameter}/default", fault.Place);
            Assert.Contains(problem, fault.Message);
        }
    }

    [ClangFact]
    public void Names_that_the_object_lacks_are_faults_with_a_suggestion()
    {
        var said = new ObjectMetadata
        {
            Maps = new Dictionary<string, MapMetadata>
            {
                ["counter_call"] = new(),
                [".dat"] = new(),
                ["print_perf"] = new() { Labels = ["no_such"], Fields = new Dictionary<string, FieldMetadata> { ["no_such"] = new(), ["MapName"] = new() } },
                ["gauge_level"] = new() { Buckets = [1, 2], Scale = new HistogramScale() },
                ["hist_sizes"] = new() { Buckets = [1, 2], Fields = new Dictionary<string, FieldMetadata> { ["Key"] = new(), ["Value"] = new() } },
            },
            Parameters = new Dictionary<string, ParameterMetadata> { ["target"] = new() },
            Programs = new Dictionary<string, ProgramMetadata> { ["nothing_like_it"] = new() },
        };

        var faults = MetadataCheck.Check(said, Fixtures.Read("maps")).ToDictionary(fault => fault.Place, fault => fault.Message);

        Assert.Equal(
            [
                "maps/.dat", "maps/counter_call", "maps/gauge_level/buckets", "maps/gauge_level/scale", "maps/print_perf/fields/MapName",
                "maps/print_perf/fields/no_such", "maps/print_perf/labels/no_such", "parameters/target", "programs/nothing_like_it",
            ],
            faults.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("Is 'counter_calls' meant?", faults["maps/counter_call"]);
        Assert.Contains("There are ", faults["parameters/target"]);
        Assert.Contains("hist_", faults["maps/gauge_level/buckets"]);
    }

    [ClangFact]
    public void Columns_of_containers_are_described_where_a_record_says_where_it_happened()
    {
        var fields = new Dictionary<string, FieldMetadata> { ["container"] = new() { Hidden = true }, ["image"] = new() { Order = 1 } };
        var maps = new Dictionary<string, MapMetadata> { ["print_perf"] = new() { Fields = fields, Labels = ["container"] }, ["gauge_level"] = new() { Fields = fields } };

        var faults = MetadataCheck.Check(new ObjectMetadata { Maps = maps }, Fixtures.Read("maps"));

        var near = new Dictionary<string, MapMetadata> { ["print_perf"] = new() { Fields = new Dictionary<string, FieldMetadata> { ["contaner"] = new() } } };
        Assert.Contains("Is 'container' meant?", Assert.Single(MetadataCheck.Check(new ObjectMetadata { Maps = near }, Fixtures.Read("maps"))).Message);

        // The labels of a metric have names of containers without being asked.
        Assert.Equal(["maps/gauge_level/fields/container", "maps/gauge_level/fields/image", "maps/print_perf/labels/container"], faults.Select(fault => fault.Place).Order(StringComparer.Ordinal));
    }

    private static (uint, ulong) Limits(byte[] bytes) => (BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)));
}
