using System.Management.Automation;
using Bee.Cmdlets.Live;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Events;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;

namespace Bee.Collaborators.Tests;

/// <summary>Tables and lists of events with names of containers and hosts, from the golden stream of them.</summary>
public sealed class ContainerViewTests
{
    private static readonly (EventUnpacker Unpacker, List<BpfEvent> Events) s_golden = Read();

    [Fact]
    public void A_table_shows_the_container_first_and_pods_only_under_Kubernetes()
    {
        var shape = (RecordType)Shape("container");

        Assert.Equal("container:16 pod:24 namespace:12 cgroup:10 mount:10 comm:15 at:12", Columns(shape, 120));
        Assert.Equal("container:15 pod:14 namespace:12 mount:10 comm:12 at:12", Columns(shape, 80));
        string withPods = EventColumns.Signature(shape);
        RecordExtras before = shape.Extras;
        shape.Extras = RecordExtras.Container;
        try
        {
            Assert.Equal("container:16 cgroup:10 mount:10 comm:15 at:12", Columns(shape, 80));
            Assert.NotEqual(withPods, EventColumns.Signature(shape));
        }
        finally
        {
            shape.Extras = before;
        }
    }

    [Fact]
    public void The_author_hides_orders_and_shows_columns_of_containers()
    {
        string Columns(params (string Field, FieldMetadata Metadata)[] fields) => ContainerViewTests.Columns(
            new Described(Shape("container"), RecordExtras.Container, MapMetadata.None with { Fields = fields.ToDictionary(field => field.Field, field => field.Metadata) }), 80);

        Assert.Equal("container:16 cgroup:10 mount:10 comm:15 at:12", Columns());
        Assert.Equal("cgroup:10 mount:10 comm:15 at:12", Columns(("container", new FieldMetadata { Hidden = true })));
        Assert.Equal("comm:15 container:16 cgroup:10 mount:10 at:12", Columns(("container", new FieldMetadata { Order = 2 }), ("comm", new FieldMetadata { Order = 1 })));
        Assert.StartsWith("container:30 ", Columns(("container", new FieldMetadata { Width = 30 })), StringComparison.Ordinal);
        Assert.StartsWith("image:20 container:", Columns(("image", new FieldMetadata { Hidden = false, Width = 20, Order = 1 }), ("container", new FieldMetadata { Order = 2 })), StringComparison.Ordinal);
    }

    [Fact]
    public void The_host_is_the_first_column_of_every_table()
    {
        foreach (int screen in new[] { 40, 60, 80, 200 })
        {
            Assert.Equal("PSComputerName", EventColumns.Of(Shape("PSComputerName"), screen)[0].Field.Name);
            Assert.InRange(EventColumns.Of(Shape("PSComputerName"), screen).Sum(column => column.Width + 1) - 1, 1, screen);
        }

        ExtendedTypeDefinition mixed = MixedTable.Of([Shape("PSComputerName"), s_golden.Unpacker.Shapes.Last(shape => shape is EntryType && shape.Fields[0].Name == "PSComputerName")], 80);
        var table = (TableControl)mixed.FormatViewDefinition[0].Control;
        Assert.Equal(["PSComputerName", "MapName", "Details"], table.Headers.Select(header => header.Label));
        Assert.Equal(3, table.Rows[0].Columns.Count);
    }

    [Fact]
    public void A_table_of_several_maps_has_the_container_if_all_of_them_have_it()
    {
        IRecordShape entries = s_golden.Unpacker.Shapes.First(shape => shape is EntryType && shape.Fields.Any(field => field.Name == "container"));
        string[] Labels(params IRecordShape[] shapes) => [.. ((TableControl)MixedTable.Of(shapes, 80).FormatViewDefinition[0].Control).Headers.Select(header => header.Label)];

        Assert.Equal(["MapName", "container", "pod", "namespace", "Details"], Labels(Shape("container"), entries));
        Assert.Equal(["MapName", "Details"], Labels(Shape("container"), s_golden.Unpacker.Shapes.First(shape => shape.Name == "print_number")));
    }

    [Fact]
    public void Text_of_an_event_leaves_out_names_that_it_does_not_have()
    {
        IRecordShape shape = Shape("container");
        EventFields.Register(shape);
        PSObject[] events = [.. s_golden.Events.Where(e => e.GetType() == shape.ClrType).Select(PSObject.AsPSObject)];

        Assert.Equal("container=web pod=web-5d9c7 namespace=shop cgroup=7 mount=4026531808 comm=nginx", EventText.Details(events[0], "MapName,at"));
        Assert.Equal("cgroup=7 mount=4026531808 comm=nginx", EventText.Details(events[1], "MapName,at"));
        Assert.Contains("\nimage     : docker.io/library/nginx:1.27\nnode      : node1", EventText.Fields(events[0]), StringComparison.Ordinal);
        Assert.Equal(["MapName", "cgroup", "mount", "comm", "at", "container", "image", "pod", "namespace", "node"], EventList.Of(shape).Entries[0].Items.Select(item => item.Label));
    }

    [Fact]
    public void A_histogram_is_headed_by_the_names_that_it_has()
    {
        BpfEvent[] histograms = [.. s_golden.Events.Where(e => e is Histogram && e.GetType().GetProperty("cgroup") is not null)];

        Assert.Equal(["cgroup=7 container=web pod=web-5d9c7 namespace=shop", "cgroup=7 PSComputerName=db1 container=web pod=web-5d9c7 namespace=shop", "cgroup=7"], histograms.Select(HistogramText.Labels));
        Assert.Equal(["7", "7\ndb1", "7\n"], histograms.Select(histogram => HistogramSchema.Of(histogram).Key));
    }

    [Fact]
    public void Serialized_objects_keep_the_names()
    {
        TypeDataOf(Shape("container"), "container", "image", "pod", "namespace", "node");
        TypeDataOf(Shape("PSComputerName"), "PSComputerName", "Late");
    }

    private static void TypeDataOf(IRecordShape shape, params string[] names) =>
        Assert.All(EventMembers.Of(shape.ClrType, isPart: false), data => Assert.Equal(names, names.Where(data.PropertySerializationSet.ReferencedProperties.Contains)));

    private static string Columns(IRecordShape shape, int screen) => string.Join(' ', EventColumns.Of(shape, screen).Select(column => $"{column.Field.Name}:{column.Width}"));

    private static IRecordShape Shape(string field) => s_golden.Unpacker.Shapes.First(shape => shape.Name == "print_placed" && shape.Fields.Any(one => one.Name == field));

    private static (EventUnpacker Unpacker, List<BpfEvent> Events) Read()
    {
        var (unpacker, sink) = (new EventUnpacker(), new Collector());
        ReadOnlySpan<byte> items = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "packed", "v2.items"));
        unpacker.Read(ref items, sink);
        return (unpacker, sink.Events);
    }

    // A type with other metadata.
    private sealed class Described(IRecordShape shape, RecordExtras extras, MapMetadata metadata) : IRecordShape
    {
        public Type ClrType => shape.ClrType;

        public string Name => shape.Name;

        public IReadOnlyList<RecordField> Fields => shape.Fields;

        public MapMetadata Metadata => metadata;

        public RecordExtras Extras => extras;
    }

    private sealed class Collector : IEventSink
    {
        public List<BpfEvent> Events { get; } = [];

        public bool Event(BpfEvent e)
        {
            Events.Add(e);
            return true;
        }

        public void Lost(string map, ulong count)
        {
        }
    }
}
