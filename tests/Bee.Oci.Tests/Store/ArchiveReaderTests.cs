using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Bee.Oci.Formats;

namespace Bee.Oci.Tests.Store;

public sealed class ArchiveReaderTests
{
    private static readonly ArchiveLimits s_small = new(100, 1 << 20);

    [Theory]
    [InlineData(TarEntryFormat.V7)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.Pax)]
    public void Every_format_is_read(TarEntryFormat format)
    {
        byte[] large = new byte[70_000];
        Random.Shared.NextBytes(large);
        byte[] archive = Tar.Of(format, ("a.o", large), ("d/empty", []), ("d/b", "text"u8.ToArray()));
        foreach (bool seeks in new[] { true, false })
        {
            (string Name, byte[] Content)[] read = [.. Files(archive, seeks)];
            Assert.Equal(["a.o", "d/empty", "d/b"], read.Select(file => file.Name));
            Assert.Equal(large, read[0].Content);
            Assert.Equal("text", Encoding.UTF8.GetString(read[2].Content));
        }
    }

    [Theory]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.Pax)]
    public void Names_longer_than_a_header_are_read_completely(TarEntryFormat format)
    {
        string name = $"{new string('d', 90)}/{new string('f', 90)}.o";
        Assert.Equal([(name, "x")], Files(Tar.Of(format, (name, "x"u8.ToArray()))).Select(file => (file.Name, Encoding.UTF8.GetString(file.Content))));
    }

    [Fact]
    public void Entries_can_be_skipped()
    {
        var reader = new ArchiveReader(new MemoryStream(Tar.Of(("a", new byte[5000]), ("b", "x"u8.ToArray()))), s_small);
        Assert.Equal(5000, reader.Next()!.Size);
        Assert.Equal(3, reader.Read(new byte[3]));
        Assert.Equal("b", reader.Next()!.Name);
        Assert.Null(reader.Next());
    }

    [Fact]
    public void Harmless_things_are_taken()
    {
        byte[] archive = Tar.Join(
            Tar.Entry("pax_global_header", 'g', Tar.Record("comment", "of git archive")),
            Tar.Entry("./", '5'),
            Tar.Entry("./d/", '5'),
            Tar.Entry("./d/", '5'),
            Tar.Entry("./d//a.o", '0', "x"u8.ToArray()));
        Assert.Equal(["d/a.o"], Files(archive).Select(file => file.Name));

        // Some tools do not write the end blocks.
        Assert.Equal(["a"], Files(Tar.Entry("a", '0', "x"u8.ToArray())).Select(file => file.Name));
    }

    public static TheoryData<string, byte[]> Refused => new()
    {
        { "symbolic link", Tar.Join(Tar.Entry("a.o", '2', link: "/etc/shadow")) },
        { "hard link", Tar.Join(Tar.Entry("a.o", '0', "x"u8.ToArray()), Tar.Entry("b.o", '1', link: "a.o")) },
        { "a device", Tar.Join(Tar.Entry("a.o", '3')) },
        { "a device", Tar.Join(Tar.Entry("a.o", '4')) },
        { "named pipe", Tar.Join(Tar.Entry("a.o", '6')) },
        { "sparse", Tar.Join(Tar.Entry("a.o", 'S')) },
        { "sparse", Tar.Join(Tar.Entry("x", 'x', Tar.Record("GNU.sparse.major", "1")), Tar.Entry("a.o")) },
        { "unknown type", Tar.Join(Tar.Entry("a.o", 'Z')) },
        { "leads out", Tar.Join(Tar.Entry("../a.o")) },
        { "leads out", Tar.Join(Tar.Entry("d/../../a.o")) },
        { "leads out", Tar.Join(Tar.Entry("x", 'x', Tar.Record("path", "../a.o")), Tar.Entry("a.o")) },
        { "leads out", Tar.Join(Tar.Entry("x", 'L', "d/..\0"u8.ToArray()), Tar.Entry("a.o")) },
        { "not a relative path", Tar.Join(Tar.Entry("/a.o")) },
        { "not a relative path", Tar.Join(Tar.Entry("a\\b.o")) },
        { "not a relative path", Tar.Join(Tar.Entry("a\u001b[2J.o")) },
        { "not a relative path", Tar.Join(Tar.Entry("")) },
        { "two entries", Tar.Join(Tar.Entry("a.o"), Tar.Entry("./a.o")) },
        { "one name or size", Tar.Join(Tar.Entry("g", 'g', Tar.Record("path", "a.o")), Tar.Entry("b.o")) },
        { "has content", Tar.Join(Tar.Entry("d/", '5', "x"u8.ToArray())) },
        { "middle of an entry", Tar.Entry("a.o", size: "00000001000") },
        { "middle of an entry", Tar.Entry("a.o", '0', "x"u8.ToArray())[..600] },
        { "middle of an entry", [.. Tar.Entry("a.o"), .. new byte[100]] },
        { "after the name", Tar.Join(Tar.Entry("x", 'x', Tar.Record("path", "a.o"))) },
        { "checksum", "no tar archive at all, but text that is longer than a block "u8.ToArray().Concat(new byte[600]).ToArray() },
        { "is not a number", Tar.Join(Tar.Entry("a.o", size: "99999999999")) },
        { "negative", Tar.Join(Binary(0xff)) },
        { "header is damaged", Tar.Join(Tar.Entry("x", 'x', "7 a=b\n999 c=d\n"u8.ToArray()), Tar.Entry("a.o")) },
        { "not a number", Tar.Join(Tar.Entry("x", 'x', Tar.Record("size", "-1")), Tar.Entry("a.o")) },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Entries_other_than_files_and_directories_are_rejected(string why, byte[] archive)
    {
        foreach (bool seeks in new[] { true, false })
        {
            StoreException e = Assert.Throws<StoreException>(() => Files(archive, seeks).ToList());
            Assert.Equal(StoreFault.BadArchive, e.Fault);
            Assert.Contains(why, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\u001b', e.Message);
        }
    }

    [Fact]
    public void What_is_too_large_is_refused_before_it_is_read()
    {
        Assert.Equal(StoreFault.TooLarge, Refuse(Tar.Join(Tar.Entry("a", size: "77777777777"))));
        Assert.Equal(StoreFault.TooLarge, Refuse(Tar.Join(Binary(0x80))));
        Assert.Equal(StoreFault.TooLarge, Refuse(Tar.Join(Tar.Entry("x", 'x', Tar.Record("size", "9223372036854775807")), Tar.Entry("a"))));
        Assert.Equal(StoreFault.TooLarge, Refuse(Tar.Join([.. Enumerable.Range(0, 101).Select(i => Tar.Entry($"f{i}"))])));

        // The reader reads attributes into memory, and a header may claim two gigabytes.
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(StoreFault.TooLarge, Refuse(Tar.Entry("x", 'x', size: "17777777777"), new ArchiveLimits(10, long.MaxValue)));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void A_gzip_bomb_ends_at_the_limit()
    {
        byte[] bomb = Tar.Gzip(Tar.Of(("a", new byte[8 << 20])));
        Assert.True(bomb.Length < 20_000);
        using var gzip = new GZipStream(new MemoryStream(bomb), CompressionMode.Decompress);
        Assert.Equal(StoreFault.TooLarge, Assert.Throws<StoreException>(() => new ArchiveReader(gzip, s_small).Next()).Fault);
    }

    [Fact]
    public void Damaged_compression_is_a_bad_archive()
    {
        byte[] sound = Tar.Gzip(Tar.Of(("a", Guid.NewGuid().ToByteArray())));
        foreach (byte[] damaged in new[] { "no gzip at all"u8.ToArray(), [.. sound[..30], 0xff, 0xff, .. sound[32..]], sound[..(sound.Length / 2)] })
        {
            StoreException e = Assert.Throws<StoreException>(() => Files(damaged, gzip: true).ToList());
            Assert.Equal(StoreFault.BadArchive, e.Fault);
        }
    }

    private static StoreFault Refuse(byte[] archive, ArchiveLimits? limits = null) =>
        Assert.Throws<StoreException>(() => Files(archive, seeks: false, limits: limits).ToList()).Fault;

    private static byte[] Binary(byte first)
    {
        byte[] entry = Tar.Entry("a");
        entry[124] = first;
        entry.AsSpan(125, 11).Fill(first == 0xff ? (byte)0xff : (byte)0x00);
        entry[130] = 0x10;
        return Tar.Sign(entry);
    }

    private static IEnumerable<(string Name, byte[] Content)> Files(byte[] archive, bool seeks = true, bool gzip = false, ArchiveLimits? limits = null)
    {
        Stream stream = new MemoryStream(archive);
        var reader = new ArchiveReader(gzip ? new GZipStream(stream, CompressionMode.Decompress) : seeks ? stream : new BufferedStream(new OneWay(stream)), limits ?? s_small);
        while (reader.Next() is { } entry)
        {
            if (!entry.IsDirectory)
            {
                byte[] content = new byte[entry.Size];
                for (int filled = 0, read; filled < content.Length; filled += read)
                {
                    read = reader.Read(content.AsSpan(filled));
                    Assert.True(read > 0);
                }

                Assert.Equal(0, reader.Read(new byte[10]));
                yield return (entry.Name, content);
            }
        }
    }

    /// <summary>A stream that cannot seek and returns few bytes per read, like a pipe.</summary>
    private sealed class OneWay(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, Math.Min(count, 100));

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
