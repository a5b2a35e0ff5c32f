using System.Buffers;
using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Ebpf.Tests.Records;

namespace Bee.Ebpf.Tests.Packing;

/// <summary>The containers and hosts of packed objects.</summary>
[Collection(PackingFixture.Collection)]
public sealed class PackedOriginTests
{
    private static readonly ContainerNames s_web = ContainerProgram.Names("web"), s_database = s_web with { Container = "database", Pod = null, Labels = new Dictionary<string, string> { ["app"] = "db" } };

    [ClangFact]
    public void Unpacked_objects_have_the_names_of_the_packed_ones_without_a_resolver()
    {
        var objects = Objects(RecordExtras.Container);
        var packed = PackingFixture.Pack(objects);

        var unpacked = PackingFixture.Unpack(packed);

        Assert.Equal(objects.Select(e => (e.Get("container"), e.Get("pod"), e.ToJson())), unpacked.Select(e => (e.Get("container"), e.Get("pod"), e.ToJson())));
        Assert.Equal(["web", null, "database", "web", "web", "database", "web"], unpacked.Select(e => (string?)e.Get("container")));
        Assert.Equal("db", unpacked[2].Container!.Labels!["app"]);
        Assert.Equal(packed, PackingFixture.Pack(unpacked));
    }

    [ClangFact]
    public void Unpacked_objects_have_the_owner_and_the_labels_of_their_pods()
    {
        var labels = new Dictionary<string, string> { ["tier"] = "front", ["app"] = "web" };
        var e = Objects(RecordExtras.Container | RecordExtras.Pod)[0];
        e.Place(s_web with { Owner = "Deployment/web", Labels = labels });

        var packed = PackingFixture.Pack([e]);
        var unpacked = Assert.Single(PackingFixture.Unpack(packed));
        Assert.Equal(("Deployment/web", "app=web,tier=front", e.ToJson()), (unpacked.Get("owner"), unpacked.Get("labels"), unpacked.ToJson()));
        Assert.EndsWith(",\"owner\":\"Deployment/web\",\"labels\":\"app=web,tier=front\"}", e.ToJson(), StringComparison.Ordinal);
        e.Place(s_web with { Labels = Enumerable.Range(0, 2000).ToDictionary(i => $"label{i}", _ => "x") });
        Assert.Equal(4096, ((string)e.Get("labels")!).Length);
    }

    [ClangFact]
    public void A_block_defines_each_container_once()
    {
        var (packer, to, objects) = (new EventPacker(), new ArrayBufferWriter<byte>(), Objects(RecordExtras.Container));
        int Size(BpfEvent e)
        {
            var before = to.WrittenCount;
            packer.Pack(e, to);
            return to.WrittenCount - before;
        }

        Size(objects[0]);
        var (again, host) = (Size(objects[0]), Size(objects[1]));
        var (other, otherAgain) = (Size(objects[2]), Size(objects[2]));
        packer.StartBlock();
        var inNextBlock = Size(objects[0]);

        Assert.Equal((again, again, true, again, true), (host, otherAgain, other > again, otherAgain, inNextBlock > again));
        Assert.Equal(["web", "web", null, "database", "database", "web"], PackingFixture.Unpack(to.WrittenSpan).Select(e => (string?)e.Get("container")));
    }

    [ClangFact]
    public void Objects_of_another_host_get_its_name()
    {
        var (sender, late) = (new RecordSender("web1", false), new RecordSender("web1", true));
        var unpacker = new EventUnpacker { Sender = sender };

        var unpacked = PackingFixture.Unpack(PackingFixture.Pack([.. Objects(RecordExtras.Container), .. Objects(RecordExtras.None), new IteratorLine("a line"), new TraceLine(DateTime.UnixEpoch.ToLocalTime(), 1, 2, 3, "sh", "on_call", "text")]), unpacker);
        unpacked[0].Mark(late);

        Assert.All(unpacked, e => Assert.Equal("web1", e.Get("PSComputerName")));
        Assert.Equal([true, false], unpacked.Take(2).Select(e => (bool)e.Get("Late")!));
        Assert.Equal("web", unpacked[0].Get("container"));
        Assert.Null(unpacked[7].GetType().GetProperty("container"));
        Assert.Equal("PSComputerName", unpacker.Shapes[0].Fields[0].Name);

        Assert.NotEqual<BpfEvent>(new IteratorLine("a line"), unpacked[^2]);
        Assert.Equal("PSComputerName", unpacker.Shapes[^1].Fields[0].Name);

        // A capture of many hosts keeps them, even if it is read as that of another host.
        var again = PackingFixture.Unpack(PackingFixture.Pack(unpacked), new EventUnpacker { Sender = new RecordSender("collector", false) });
        Assert.Equal(unpacked.Select(e => e.ToJson()), again.Select(e => e.ToJson()));
    }

    [ClangFact]
    public void Views_show_pods_from_the_first_pod_on()
    {
        var (unpacker, objects) = (new EventUnpacker(), Objects(RecordExtras.Container));

        var (packer, to) = (new EventPacker(), new ArrayBufferWriter<byte>());
        packer.Pack(objects[2], to);
        PackingFixture.Unpack(to.WrittenSpan, unpacker);
        Assert.Equal(RecordExtras.Container, unpacker.Shapes[0].Extras & ~RecordExtras.Sender);

        var before = to.WrittenCount;
        packer.Pack(objects[0], to);
        PackingFixture.Unpack(to.WrittenSpan[before..], unpacker);
        Assert.Equal(RecordExtras.Container | RecordExtras.Kubernetes, unpacker.Shapes[0].Extras);
    }

    [ClangFact]
    public void Types_without_names_are_packed_as_before()
    {
        var kinds = Kinds(PackingFixture.Pack(PackingFixture.Objects(PackingFixture.File)));

        Assert.DoesNotContain(PackItem.ExtendedType, kinds);
        Assert.Contains(PackItem.ExtendedType, Kinds(PackingFixture.Pack(Objects(RecordExtras.Container))));
        // Earlier versions know kinds up to 7, and report a capture of a newer release for any other.
        Assert.All(Enum.GetValues<PackItem>().Where(kind => kind is > PackItem.Stack and < PackItem.Record), kind => Assert.DoesNotContain(kind, kinds));
    }

    [ClangFact]
    public void A_container_or_host_that_is_not_defined_is_damage()
    {
        var packed = PackingFixture.Pack(Objects(RecordExtras.Container)[..1]);
        var without = new List<byte>();
        for (ReadOnlySpan<byte> rest = packed; !rest.IsEmpty;)
        {
            var reader = new PackReader(rest);
            reader.Item(out var kind);
            if (kind != PackItem.Container)
            {
                without.AddRange(rest[..(rest.Length - reader.Left.Length)]);
            }

            rest = reader.Left;
        }

        Assert.Contains("a container that is not defined", Assert.Throws<PackException>(() => PackingFixture.Unpack(without.ToArray())).Message, StringComparison.Ordinal);
        Assert.Throws<PackException>(() => PackingFixture.Unpack([(byte)PackItem.Sender, 3, 1, (byte)'a', 2]));
        Assert.Throws<PackException>(() => PackingFixture.Unpack([(byte)PackItem.Container, 2, 1, (byte)'a']));
    }

    // Events that are complete, of the host, longer and truncated; an entry; a histogram.
    private static List<BpfEvent> Objects(RecordExtras extras)
    {
        var file = PackingFixture.File;
        var plain = (RecordType)RecordOrigin.Note(file, PackingFixture.Map(file, "print_plain"), RecordType.ForEvent(PackingFixture.Map(file, "print_plain"), extras)).Type;
        var stacked = (RecordType)RecordOrigin.Note(file, PackingFixture.Map(file, "print_stacked"), RecordType.ForEvent(PackingFixture.Map(file, "print_stacked"), extras)).Type;
        var bytes = Enumerable.Range(0, plain.Size).Select(i => (byte)i).ToArray();
        var objects = new List<BpfEvent>
        {
            plain.Decode(bytes), plain.Decode(bytes), plain.Decode(bytes), plain.Extend(plain.Decode(bytes), [1, 2]), plain.Truncate(plain.Decode(bytes), 30), stacked.Decode(new byte[stacked.Size]), plain.Decode(bytes),
        };
        foreach (var (e, names) in objects.Zip(new[] { s_web, null, s_database, s_web, s_web, s_database, s_web }))
        {
            e.Place(names);
        }

        return objects;
    }

    private static List<PackItem> Kinds(ReadOnlySpan<byte> packed)
    {
        var kinds = new List<PackItem>();
        for (var reader = new PackReader(packed); !reader.IsEnd;)
        {
            reader.Item(out var kind);
            kinds.Add(kind);
        }

        return kinds;
    }
}
