using System.Reflection;
using System.Text.Json;
using Bee.Cmdlets.Tools;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Oci.Formats;

namespace Bee.Cmdlets.Collaborators.Tests;

public sealed class ImageConfigTests : IDisposable
{
    private static readonly string[] s_fields = ["Key", "Value"];

    private readonly Workbench _bench = new();

    // Every member is filled by reflection, so a member that the configuration does not carry fails here.
    [Fact]
    public void Metadata_of_an_object_survives_the_config_of_its_image()
    {
        ObjectFile file = Compile();
        var metadata = new ObjectMetadata
        {
            Maps = file.Maps.Where(map => !map.IsInternal).ToDictionary(map => map.Name, _ => Filled<MapMetadata>()),
            Parameters = file.Parameters.ToDictionary(parameter => parameter.Name, _ => Filled<ParameterMetadata>()),
            Programs = file.Programs.ToDictionary(program => program.Name, _ => Filled<ProgramMetadata>()),
        };
        Assert.All([metadata.Maps.Count, metadata.Parameters.Count, metadata.Programs.Count], count => Assert.NotEqual(0, count));

        Assert.Equal(Json(metadata), Json(ReadBack(file.WithMetadata(metadata))));
    }

    [Fact]
    public void Model_has_the_parts_that_the_round_trip_covers() =>
        Assert.Equal(["Maps", "Parameters", "Programs"], Members(typeof(ObjectMetadata)).Select(member => member.Name).Order());

    [Fact]
    public void Object_without_metadata_has_an_empty_config()
    {
        ObjectFile file = Compile();

        ObjectMetadata read = ReadBack(file);

        Assert.All(read.Maps.Values, map => Assert.Equal(Json(MapMetadata.None), Json(map)));
        Assert.All(read.Parameters.Values, parameter => Assert.Equal(ParameterMetadata.None, parameter));
        Assert.All(read.Programs.Values, program => Assert.Equal(Json(ProgramMetadata.None), Json(program)));
    }

    [Fact]
    public void Every_value_of_an_enum_has_a_name()
    {
        Check(MetadataNames.Roles);
        Check(MetadataNames.Spacings);
        Check(MetadataNames.FieldMetrics);
        Check(MetadataNames.Decoders);
        Check(MetadataNames.Severities);
        Assert.Null(MetadataNames.MetricTypes.Find("Print"));

        static void Check<T>(NameTable<T> names)
            where T : struct, Enum
        {
            Assert.Equal(Enum.GetValues<T>().Order(), names.Rows.Select(row => row.Value).Order());
            // Images contain these names, so they must not follow a rename of the enum.
            Assert.All(names.Rows, row => Assert.Equal((row.Value, row.Name, row.Value), (names.Find(row.Name), names.Name(row.Value), names.FindWord(row.Name.ToLowerInvariant()))));
            Assert.Null(names.Find("nothing"));
            Assert.Null(names.Find(null));
            Assert.Null(names.Name(null));
        }
    }

    [Theory]
    [InlineData("Loud", "Key", "Log2", 1, double.NaN)]
    [InlineData("counter", "key", "Cubic", 1, 5)]
    [InlineData("1", "1", "Linear", 0, 0)]
    public void Invalid_values_in_a_config_are_ignored(string kind, string metric, string spacing, double step, double bound)
    {
        var map = new ImageMap
        {
            Name = "print_events",
            Kind = kind,
            Scale = new ImageScale { Spacing = spacing, Step = step },
            Buckets = [5, bound],
            Metric = new ImageMetric { Type = "Print" },
            Fields = [new() { Name = "Value", Width = 1000, Metric = metric }, new() { Name = "Value", Width = 1 }],
        };

        MapMetadata read = ImageConfigs.MetadataOf(new ImageConfig { Maps = [map, map with { Kind = "Gauge" }] }).Maps["print_events"];

        Assert.Null(read.Kind);
        Assert.Equal(spacing == "Log2", read.Scale is not null);
        Assert.Empty(read.Buckets);
        Assert.Null(read.Metric!.Type);
        Assert.Equal((80, metric == "Key" ? FieldMetric.Key : null), (read.Fields["Value"].Width, read.Fields["Value"].Metric));
    }

    public void Dispose() => _bench.Dispose();

    private ObjectMetadata ReadBack(ObjectFile file)
    {
        var name = ImageReference.Parse("tool:v1");
        _bench.Local.Stores.Own.Add(new ImageContent { Program = file.Bytes.ToArray(), Config = ImageConfigs.From(file), Platform = Platform.Host }, name);
        return _bench.Tools.FromImage(_bench.Tools.FindImage("tool:v1", null)!).Metadata;
    }

    private ObjectFile Compile() => _bench.Tools.FromFile(_bench.Write("tool.bpf.c", Sources.Program("raw_tp/sys_enter", before: "struct limits { u32 low; u32 list[2]; }; const volatile struct limits limits = { 0 };")))!.File;

    private static PropertyInfo[] Members(Type type) => [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(member => member.CanWrite)];

    private static T Filled<T>() => (T)Filled(typeof(T));

    private static object Filled(Type type)
    {
        object filled = Activator.CreateInstance(type)!;
        foreach (PropertyInfo member in Members(type))
        {
            member.SetValue(filled, Value(member));
            Assert.NotEqual(Json(member.GetValue(Activator.CreateInstance(type))), Json(member.GetValue(filled)));
        }

        return filled;
    }

    // None of the values is the default of its type.
    private static object Value(PropertyInfo member)
    {
        Type type = Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType;
        return type switch
        {
            _ when type == typeof(string) => $"the {member.Name}",
            _ when type == typeof(bool) => true,
            _ when type == typeof(int) => 7,
            _ when type == typeof(uint) => 9u,
            _ when type == typeof(double) => 2.5,
            _ when type == typeof(object) => new Dictionary<string, object?> { ["low"] = "1", ["list"] = new object[] { "2", "3" } },
            { IsEnum: true } => Enum.GetValues(type).Cast<object>().Last(),
            _ when type == typeof(IReadOnlyList<string>) => s_fields,
            _ when type == typeof(IReadOnlyList<double>) => new double[] { 1, 10 },
            _ when type == typeof(IReadOnlyDictionary<string, string>) => s_fields.ToDictionary(name => name, name => $"the {name}"),
            _ when type == typeof(IReadOnlyDictionary<string, LogSeverity>) => s_fields.ToDictionary(name => name, _ => LogSeverity.Alert),
            _ when type == typeof(IReadOnlyDictionary<string, FieldMetadata>) => s_fields.ToDictionary(name => name, _ => Filled<FieldMetadata>()),
            _ when type.Namespace == typeof(ObjectMetadata).Namespace => Filled(type),
            _ => throw new NotSupportedException($"{member.DeclaringType!.Name}.{member.Name}: no sample of {type}."),
        };
    }

    private static string Json(object? value) => JsonSerializer.Serialize(value);
}
