using System.Buffers;
using System.Security.Cryptography;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Packing;

/// <summary>Objects that travel alone, each with the definition of its type.</summary>
[Collection(PackingFixture.Collection)]
public sealed class PackedEventTests
{
    [ClangFact]
    public void Unpack_of_an_object_of_each_kind_returns_its_type_and_values()
    {
        foreach (var before in PackingFixture.Objects(PackingFixture.File))
        {
            var packed = PackedEvent.Pack(before)!;

            var after = PackedEvent.Unpack(packed, out _);

            Assert.Equal(before.GetType(), after.GetType());
            Assert.Equal(before.ToJson(), after.ToJson());
            Assert.Equal(before.GetRest(), after.GetRest());
            Assert.Equal(packed, PackedEvent.Pack(after));
            Assert.InRange(packed.Length, 1, 1600);
        }
    }

    [ClangFact]
    public void Unpack_without_the_tool_decodes_like_the_tool()
    {
        var file = PackingFixture.File;
        foreach (var name in new[] { "print_timed", "counter_entries", "hist_observed_ns", ".data", "outer/1", "threads", "on_call" })
        {
            var e = PackingFixture.Objects(file).First(e => RecordOrigin.Of(e.GetType())?.Name == name);
            var origin = RecordOrigin.Of(e.GetType())!;
            var payload = new PackPayload();
            PackedShape.Write(payload, origin, isForLabels: false);

            var reader = new PackReader(payload.ToArray());
            var read = PackedShape.Read(ref reader, (RecordExtras)reader.Number(), out var isForLabels);

            Assert.False(isForLabels);
            Assert.Equal((origin.Name, origin.Kind, e.GetType()), (read.Name, read.Kind, TypeOf(read)));
            // The origin with the tool is kept, so that captures still contain it.
            Assert.Same(origin, RecordOrigin.Of(e.GetType()));
        }
    }

    [ClangFact]
    public void Packed_metadata_decides_views_and_names_no_texts()
    {
        var typed = PackingFixture.Objects(PackingFixture.File).Single(e => RecordOrigin.Of(e.GetType())?.Name == "typed_later");

        PackedEvent.Unpack(PackedEvent.Pack(typed)!, out var unpacker);

        Assert.Equal(1, Assert.Single(unpacker.Shapes).Metadata.Fields["words"].Order);
    }

    [ClangFact]
    public void Unpack_of_damaged_bytes_throws_only_its_exception()
    {
        var random = new Random(14);
        foreach (var e in PackingFixture.Objects(PackingFixture.File))
        {
            var packed = PackedEvent.Pack(e)!;
            for (var i = 0; i < 40; i++)
            {
                var damaged = (byte[])packed.Clone();
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                Try(i % 2 == 0 ? damaged : damaged[..random.Next(damaged.Length)]);
            }
        }

        static void Try(byte[] bytes)
        {
            try
            {
                _ = PackedEvent.Unpack(bytes, out _).ToJson();
            }
            catch (PackException)
            {
            }
        }
    }

    [Fact]
    public void Unpack_rejects_a_definition_that_decompresses_to_too_much()
    {
        var payload = new PackPayload();
        var items = new ArrayBufferWriter<byte>();
        payload.Number(0).Number(0).Number(1 << 30).Bytes(RandomNumberGenerator.GetBytes(100)).WriteTo(items, PackItem.Shape);

        Assert.Equal(PackFault.Damaged, Assert.Throws<PackException>(() => PackedEvent.Unpack(items.WrittenSpan, out _)).Fault);
    }

    [Fact]
    public void Pack_of_a_part_of_an_event_returns_null() => Assert.Null(PackedEvent.Pack(new HistogramBucket(0, 1, 2)));

    private static Type TypeOf(RecordOrigin origin) => (origin.Type as IRecordShape)?.ClrType ?? ((HistogramType)origin.Type).ClrType;
}
