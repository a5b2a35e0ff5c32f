using System.Buffers;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using CollectingSink = Bee.Ebpf.Tests.Loading.CollectingSink;

namespace Bee.Ebpf.Tests.Packing;

/// <summary>Items with larger counts than a valid file has.</summary>
[Collection(PackingFixture.Collection)]
public sealed class PackLimitTests
{
    private readonly ArrayBufferWriter<byte> _items = new();
    private readonly PackPayload _payload = new();

    [Theory]
    [InlineData(EventPacker.MostLost, true)]
    [InlineData(EventPacker.MostLost + 1, false)]
    [InlineData(1UL << 63, false)]
    [InlineData(ulong.MaxValue, false)]
    public void Read_rejects_a_loss_whose_count_could_overflow(ulong count, bool isRead)
    {
        _payload.Number(0).Number(count).Text("map").WriteTo(_items, PackItem.Loss);

        Assert.Equal(isRead ? null : PackFault.Damaged, Read(out _));
    }

    [Fact]
    public void A_packed_loss_of_any_count_is_read()
    {
        new EventPacker().PackLoss("map", ulong.MaxValue, DateTime.UtcNow, _items);

        Assert.Null(Read(out _));
    }

    [Fact]
    public void Read_rejects_too_many_frames_before_allocating()
    {
        _payload.Number(0).Number(1).Number(0).Number(0).Number(0).Number(0).Number(0).WriteTo(_items, PackItem.Frame);
        _payload.Number(0).Signed(0).Signed(0).Number(8 << 20).Bytes(new byte[8 << 20]).WriteTo(_items, PackItem.Stack);

        Assert.Equal(PackFault.Damaged, Read(out var taken));
        Assert.InRange(taken, 0, 1 << 20);
    }

    [ClangFact]
    public void Read_rejects_too_many_buckets_before_allocating()
    {
        var histogram = PackingFixture.Objects(PackingFixture.File).OfType<Histogram>().First();
        _items.Write(PackingFixture.Pack([histogram]));
        var type = Last(_items.WrittenSpan, PackItem.Histogram).Number();
        var unpacker = new EventUnpacker();
        var items = _items.WrittenSpan;
        unpacker.Read(ref items, new CollectingSink());
        _items.ResetWrittenCount();
        _payload.Number(type).Number(1).Number(0).Number(1 << 16).Bytes(new byte[1 << 16]).WriteTo(_items, PackItem.Histogram);

        Assert.Equal(PackFault.Damaged, Read(unpacker, _items.WrittenSpan, out var taken));
        Assert.InRange(taken, 0, 1 << 20);
    }

    private static PackReader Last(ReadOnlySpan<byte> items, PackItem kind)
    {
        var reader = new PackReader(items);
        var last = default(PackReader);
        while (!reader.IsEnd)
        {
            var item = reader.Item(out var found);
            last = found == kind ? item : last;
        }

        return last;
    }

    private PackFault? Read(out long taken) => Read(new EventUnpacker(), _items.WrittenSpan, out taken);

    private static PackFault? Read(EventUnpacker unpacker, ReadOnlySpan<byte> items, out long taken)
    {
        var sink = new CollectingSink();
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            unpacker.Read(ref items, sink);
            return null;
        }
        catch (PackException e)
        {
            return e.Fault;
        }
        finally
        {
            taken = GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
