using System.Buffers;
using Bee.Mutation;
using Bee.Telemetry.Captures;
using Xunit.Abstractions;

namespace Bee.Telemetry.Tests.Captures;

/// <summary>Damaged and hostile captures are read or refused, without other effects.</summary>
public sealed class CaptureMutationTests(ITestOutputHelper output) : IDisposable
{
    private readonly CaptureFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Damaged_captures_are_read_or_refused()
    {
        byte[] whole = File.ReadAllBytes(_folder.Write("a.beecap", 40, lossEvery: 8));
        byte[] head = CaptureDocuments.Head(CaptureDocuments.Here("a", DateTime.UtcNow), 1);
        byte[] done = CaptureDocuments.Done([new CaptureStream("IteratorLine", 20, null), new CaptureStream("print_ring", 0, 15)]);
        var json = TextMutator.Json(head, done);

        new ReaderRun("captures", (seed, index) => Make(whole, head, done, json, seed, index), Read, exception => exception is CaptureException).Execute(output.WriteLine, part: FullRun.IsOn ? 1 : 2);
    }

    private static byte[] Make(byte[] whole, byte[] head, byte[] done, TextMutator json, ulong seed, long index)
    {
        var chance = new Chance(seed ^ (ulong)index * 0x9e37_79b9_7f4a_7c15);
        chance.Bits();
        if (chance.OneIn(2))
        {
            byte[] bytes = [.. whole];
            Change(bytes, ref chance);
            return chance.OneIn(4) ? bytes[..chance.Below(bytes.Length)] : bytes;
        }

        // With correct checksums, so that the content is parsed.
        var packed = new ArrayBufferWriter<byte>();
        var packer = new Bee.Ebpf.Packing.EventPacker();
        for (int i = 0; i < 20; i++)
        {
            packer.Pack(CaptureFolder.Line(i), packed);
        }

        packer.PackLoss("print_ring", 15, DateTime.UtcNow, packed);
        byte[] items = packed.WrittenSpan.ToArray();
        int what = chance.Below(4);
        if (what == 0)
        {
            Change(items, ref chance);
        }

        var file = new List<byte>(new byte[CaptureFormat.PreambleSize]);
        CaptureFormat.WritePreamble(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(file));
        Append(file, ChunkKind.Head, what == 1 ? json.Make(seed, index) : head, 0, 0, what == 3, ref chance);
        Append(file, ChunkKind.Data, items, 20, 15, what == 3, ref chance);
        Append(file, ChunkKind.Done, what == 2 ? json.Make(seed, index) : done, 0, 0, what == 3, ref chance);
        return [.. file];
    }

    private static void Append(List<byte> file, ChunkKind kind, byte[] content, uint events, ulong lost, bool isWrong, ref Chance chance)
    {
        byte[] chunk = [.. new byte[ChunkHeader.Size], .. content];
        bool Wrong(ref Chance at) => isWrong && at.OneIn(6);
        new ChunkHeader
        {
            Kind = Wrong(ref chance) ? (ChunkKind)chance.Bits() : kind,
            Encoding = Wrong(ref chance) ? (ChunkEncoding)chance.Below(3) : ChunkEncoding.Plain,
            Stored = Wrong(ref chance) ? (uint)chance.Bits() : (uint)content.Length,
            Length = Wrong(ref chance) ? (uint)chance.Bits() : (uint)content.Length,
            Events = Wrong(ref chance) ? (uint)chance.Bits() : events,
            Lost = Wrong(ref chance) ? chance.Bits() : lost,
            First = Wrong(ref chance) ? (long)chance.Bits() : DateTime.UtcNow.Ticks,
            Last = Wrong(ref chance) ? (long)chance.Bits() : DateTime.UtcNow.Ticks,
        }.Write(chunk);
        file.AddRange(chunk);
    }

    private static void Change(byte[] bytes, ref Chance chance)
    {
        for (int i = chance.Below(4); i >= 0; i--)
        {
            bytes[chance.Below(bytes.Length)] = chance.OneIn(3) ? (byte)0xff : (byte)chance.Below(256);
        }
    }

    private void Read(byte[] bytes, long index)
    {
        string path = _folder.Path($"{index}.beecap");
        File.WriteAllBytes(path, bytes);
        try
        {
            try
            {
                using var reader = CaptureReader.Open(path);
                reader.FirstTypes();
                reader.Summarize();
            }
            catch (CaptureException)
            {
                // The limit applies to the reading below too.
            }

            ListSink.Read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
