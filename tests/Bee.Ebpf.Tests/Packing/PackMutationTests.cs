using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Mutation;
using Xunit.Abstractions;

namespace Bee.Ebpf.Tests.Packing;

/// <summary>Damaged streams of packed events, which must yield objects or a PackException.</summary>
[Collection(PackingFixture.Collection)]
public sealed class PackMutationTests
{
    private readonly ITestOutputHelper _output;

    // Numbers at the limits of the reader, as varints.
    private static readonly byte[][] s_numbers = [[0], [1], [0x7f], [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0x07], [0x80, 0x80, 0x80, 0x80, 0x08], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]];

    // Reads the first block once for many damaged blocks after it, since parsing an object takes longest.
    [ThreadStatic]
    private static EventUnpacker? s_unpacker;

    private readonly byte[] _first;
    private readonly List<byte[]> _all;
    private readonly List<byte[]> _behind;

    public PackMutationTests(ITestOutputHelper output)
    {
        _output = output;
        if (!Loading.Fixture.HasClang)
        {
            (_first, _all, _behind) = ([], [], []);
            return;
        }

        var packer = new EventPacker();
        var file = PackingFixture.File;
        List<BpfEvent> objects = [.. PackingFixture.Objects(file), .. PackingFixture.Placed(file)];
        _first = PackingFixture.Pack(objects, packer);
        packer.StartBlock();
        _all = Items(_first);
        _behind = [.. _all.Where(item => item[0] is (byte)PackItem.Type or (byte)PackItem.ExtendedType), .. Items(PackingFixture.Pack(objects, packer))];
    }

    [ClangFact]
    public void Read_of_damaged_streams_returns_objects_or_reports_damage() =>
        new ReaderRun("packed events", Make, Read, fault => fault is PackException).Execute(_output.WriteLine, part: FullRun.IsOn ? 1 : 4);

    private byte[] Make(ulong seed, long index)
    {
        var chance = new Chance(seed ^ (ulong)index * 0xd134_2543_de82_ef95);
        chance.Bits();
        var items = chance.OneIn(50) ? _all : _behind;
        List<byte[]> changed = [.. items];
        for (var i = 1 + chance.Below(3); i > 0; i--)
        {
            var at = chance.OneIn(2) && items == _all ? 0 : 1 + chance.Below(changed.Count - 1);
            switch (chance.Below(6))
            {
                case 0:
                    changed.RemoveAt(Math.Max(1, at));
                    break;
                case 1:
                    changed.Insert(at, changed[chance.Below(changed.Count)]);
                    break;
                default:
                    changed[at] = Damage(changed[at], ref chance);
                    break;
            }
        }

        return [.. changed.SelectMany(item => item)];
    }

    private static byte[] Damage(byte[] item, ref Chance chance)
    {
        // Kind and length are damaged rarely, because then the rest is not read.
        var begin = chance.OneIn(10) ? 0 : Math.Min(item.Length - 1, item.Length < 129 ? 2 : item.Length < 16385 ? 3 : 4);
        var bytes = item.ToList();
        var at = begin + chance.Below(bytes.Count - begin);
        if (item[0] == (byte)PackItem.Tool && chance.OneIn(2))
        {
            // Damages the line of JSON.
            at = begin + chance.Below(Math.Max(1, Array.IndexOf(item, (byte)'\n') - begin));
        }

        switch (chance.Below(4))
        {
            case 0:
                bytes[at] = (byte)chance.Below(256);
                break;
            case 1:
                bytes[at] ^= (byte)(1 << chance.Below(8));
                break;
            case 2:
                bytes.RemoveAt(at);
                break;
            default:
                bytes.InsertRange(at, s_numbers[chance.Below(s_numbers.Length)]);
                break;
        }

        // Corrects the length, so that the payload is read to its end.
        if (begin > 0)
        {
            var payload = bytes.Skip(begin).ToArray();
            Span<byte> length = stackalloc byte[PackPayload.MostVarint];
            return [bytes[0], .. length[..PackPayload.WriteNumber(length, (ulong)payload.Length)], .. payload];
        }

        return [.. bytes];
    }

    private void Read(byte[] bytes, long index)
    {
        ReadOnlySpan<byte> items = bytes;
        var unpacker = new EventUnpacker();
        if (bytes[0] != (byte)PackItem.Tool)
        {
            if (s_unpacker is null || index % 500 < 2)
            {
                s_unpacker = new EventUnpacker();
                PackingFixture.Unpack(_first, s_unpacker);
            }

            unpacker = s_unpacker;
        }

        unpacker.Read(ref items, new UsingSink());
    }

    private static List<byte[]> Items(byte[] stream)
    {
        var items = new List<byte[]>();
        for (var reader = new PackReader(stream); !reader.IsEnd;)
        {
            var before = reader.Left;
            reader.Item(out _);
            items.Add(before[..(before.Length - reader.Left.Length)].ToArray());
        }

        return items;
    }

    // Reads what views and exports read.
    private sealed class UsingSink : IEventSink
    {
        public bool Event(BpfEvent e)
        {
            _ = e.ToJson();
            _ = e.GetRest();
            return true;
        }

        public void Lost(string map, ulong count)
        {
        }
    }
}
