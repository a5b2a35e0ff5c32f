using System.Buffers;
using System.Globalization;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using CollectingSink = Bee.Ebpf.Tests.Loading.CollectingSink;

namespace Bee.Ebpf.Tests.Packing;

/// <summary>Streams of earlier versions, which each later version must read to the same objects.</summary>
/// <remarks>
/// Never change a stream in tests/fixtures/packed. A new feature of the format needs a new stream: with BEE_GOLDEN=v2 the test writes one, with the text of its objects, next to the test assembly.
/// Times are in UTC, and nothing else in the text depends on the machine.
/// </remarks>
[Collection(PackingFixture.Collection)]
public sealed class GoldenTests
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Packing", "packed");

    public static TheoryData<string> Streams => [.. Directory.EnumerateFiles(s_folder, "*.items").Select(path => Path.GetFileNameWithoutExtension(path)).Order()];

    [Theory]
    [MemberData(nameof(Streams))]
    public void Read_returns_the_objects_of_an_earlier_version(string version)
    {
        var sink = new CollectingSink();
        ReadOnlySpan<byte> items = File.ReadAllBytes(Path.Combine(s_folder, $"{version}.items"));
        var unpacker = new EventUnpacker();

        Assert.True(unpacker.Read(ref items, sink));

        Assert.Equal(File.ReadAllLines(Path.Combine(s_folder, $"{version}.txt")), Text(sink, unpacker));
    }

    [ClangFact]
    public void A_stream_of_this_version_has_the_objects_of_the_newest_golden_one()
    {
        var to = new ArrayBufferWriter<byte>();
        var packer = new EventPacker();
        packer.StartBlock();
        var file = PackingFixture.File;
        foreach (var e in PackingFixture.Objects(file).Concat(PackingFixture.Placed(file)))
        {
            // Without a host of its own, an object would use the clock of this machine.
            e.Bind(PackingFixture.OtherHost());
            packer.Pack(e, to);
        }

        packer.PackLoss("print_plain", 42, new DateTime(2026, 11, 30, 1, 2, 3, DateTimeKind.Utc), to);
        var sink = new CollectingSink();
        var unpacker = new EventUnpacker();
        ReadOnlySpan<byte> items = to.WrittenSpan;
        unpacker.Read(ref items, sink);
        if (Environment.GetEnvironmentVariable("BEE_GOLDEN") is { Length: > 0 } version)
        {
            File.WriteAllBytes(Path.Combine(s_folder, $"{version}.items"), to.WrittenSpan);
            File.WriteAllLines(Path.Combine(s_folder, $"{version}.txt"), Text(sink, unpacker));
        }

        var newest = Directory.EnumerateFiles(s_folder, "*.txt").Max(StringComparer.Ordinal)!;
        Assert.Equal(File.ReadAllLines(newest), Text(sink, unpacker));
    }

    private static List<string> Text(CollectingSink sink, EventUnpacker unpacker) =>
    [
        .. sink.Events.Select(e => $"{KindOf(e)} {e.ToJson()} rest={Convert.ToHexString(e.GetRest())}{(e.Host is null ? "" : $" users={FieldText.UserName(1000, e)},{FieldText.UserName(0, e)}")}"),
        .. sink.Losses.Select(loss => string.Create(CultureInfo.InvariantCulture, $"lost {loss.Key} {loss.Value} {unpacker.LossTime:O}")),
    ];

    // Names of emitted types are not part of a stream.
    private static string KindOf(BpfEvent e)
    {
        var type = e.GetType();
        while (type.Assembly != typeof(BpfEvent).Assembly)
        {
            type = type.BaseType!;
        }

        return type.Name;
    }
}
