using Bee.Isolated;
using Bee.Mutation;
using Bee.Oci.Formats;
using Xunit.Abstractions;
using ZstdSharp;

namespace Bee.Oci.Tests.Store;

/// <summary>Mutates archives and layers 100,000 times. Each one is readable, or rejected with a <see cref="StoreException"/>.</summary>
public sealed class LayerMutationTests(ITestOutputHelper output)
{
    private const string Plain = "application/vnd.oci.image.layer.v1.tar";

    private static readonly byte[] s_elf = [.. "\u007fELF"u8, 2, 1, 1, .. new byte[11], 247, 0, .. new byte[100]];

    [Fact]
    public void Archives_are_read_or_refused()
    {
        byte[][] archives = Samples();
        new ReaderRun("archives", (seed, number) => Spoil(archives, seed, number), Read, fault => fault is StoreException).Execute(output.WriteLine);
    }

    [Fact]
    public void Layers_are_unpacked_or_refused()
    {
        byte[][] layers = [.. Samples(), .. Samples().Select(Tar.Gzip), .. Samples().Select(Zstd)];
        new ReaderRun(
            "layers",
            (seed, number) => Spoil(layers, seed, number),
            (bytes, number) =>
            {
                string type = bytes.AsSpan().StartsWith<byte>([0x28, 0xb5, 0x2f, 0xfd]) ? $"{Plain}+zstd" : bytes.AsSpan().StartsWith<byte>([0x1f, 0x8b]) ^ number % 16 == 0 ? $"{Plain}+gzip" : Plain;
                byte[] program = LayerProgram.Unpack(bytes, type, number % 3 == 0 ? "b.o" : null, "x:v1", () => new Zstandard());
                Assert.True(program.Length <= StoreLimits.Program);
            },
            fault => fault is StoreException).Execute(output.WriteLine);
    }

    private static byte[] Zstd(byte[] content)
    {
        using var compressor = new Compressor();
        return compressor.Wrap(content).ToArray();
    }

    private static void Read(byte[] bytes, long number)
    {
        // Covers the reader's code for seekable and for non-seekable streams.
        using var stream = new MemoryStream(bytes);
        var reader = new ArchiveReader(number % 2 == 0 ? stream : new BufferedStream(stream), ArchiveLimits.Layer);
        byte[] buffer = new byte[1000];
        while (reader.Next() is { } entry)
        {
            Assert.DoesNotContain("..", entry.Name.Split('/'));
            Assert.False(entry.Name.StartsWith('/'));
            long left = entry.Size;
            for (int read; (read = reader.Read(buffer)) > 0; left -= read)
            {
            }

            Assert.Equal(0, left);
            Assert.True(entry.Offset + entry.Size <= bytes.Length);
        }
    }

    private static byte[][] Samples() =>
    [
        Tar.Of(System.Formats.Tar.TarEntryFormat.Ustar, ("d/a.o", s_elf), ("b.txt", new byte[700])),
        Tar.Of(System.Formats.Tar.TarEntryFormat.Gnu, (new string('n', 130) + ".o", s_elf)),
        Tar.Of(System.Formats.Tar.TarEntryFormat.Pax, (new string('p', 130), "x"u8.ToArray()), ("b.o", s_elf)),
        Tar.Join(Tar.Entry("g", 'g', Tar.Record("comment", "c")), Tar.Entry("d/", '5'), Tar.Entry("x", 'x', [.. Tar.Record("path", "d/b.o"), .. Tar.Record("size", $"{s_elf.Length}")]), Tar.Entry("d/c.o", '0', s_elf)),
    ];

    /// <summary>Changes a few bytes, and mostly corrects the checksums of all headers, because otherwise only the checksums would be tested.</summary>
    private static byte[] Spoil(byte[][] samples, ulong seed, long number)
    {
        var chance = new Chance(seed ^ (ulong)number * 0xd134_2543_de82_ef95);
        chance.Bits();
        byte[] bytes = [.. samples[chance.Below(samples.Length)]];
        for (int i = 1 + chance.Below(3); i > 0; i--)
        {
            int block = chance.Below((bytes.Length + 511) / 512) * 512;
            int[] fields = [0, 124, 156, 157, 257, 345];
            int at = Math.Min(bytes.Length - 1, chance.OneIn(3) ? chance.Below(bytes.Length) : block + fields[chance.Below(fields.Length)] + chance.Below(12));
            byte[] limits = [0, 0x80, 0xff, (byte)'7', (byte)'/', (byte)'.', (byte)'x', (byte)'L', (byte)'1', (byte)'2', (byte)'5', (byte)'g', (byte)' '];
            bytes[at] = chance.OneIn(2) ? limits[chance.Below(limits.Length)] : (byte)chance.Bits();
            if (chance.OneIn(20))
            {
                bytes = bytes[..(1 + chance.Below(bytes.Length))];
            }
        }

        if (!chance.OneIn(8))
        {
            for (int at = 0; at + 512 <= bytes.Length; at += 512)
            {
                // Only headers contain the magic, possibly before this mutation.
                if (bytes.AsSpan(at + 257, 5).SequenceEqual("ustar"u8))
                {
                    byte[] header = Tar.Sign(bytes[at..(at + 512)]);
                    header.CopyTo(bytes, at);
                }
            }
        }

        return bytes;
    }
}
