using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;

namespace Bee.Telemetry.Tests.Captures;

/// <summary>Capture files without the kernel, of lines of text.</summary>
public sealed class CaptureFileTests : IDisposable
{
    private readonly CaptureFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Events_and_losses_come_back_in_order_with_their_sums()
    {
        string path = _folder.Write("a.beecap", 1000, lossEvery: 100);

        var read = ListSink.Read(path, out CaptureReader reader);

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"line {i}"), read.Events);
        Assert.Equal(30ul, read.Losses["print_ring"]);
        Assert.Null(reader.EndsEarlyAt);
        Assert.True(reader.Info.IsComplete);
        Assert.Equal((1000L, 30ul), (reader.Info.Events, reader.Info.Lost));
        Assert.Equal(["IteratorLine 1000 ", "print_ring 0 30"], reader.Info.Streams.Select(stream => $"{stream.Name} {stream.Events} {stream.Lost}"));
        Assert.Equal(Environment.MachineName, reader.Info.Host);
        Assert.InRange(reader.Info.Started, DateTime.Now.AddMinutes(-5), DateTime.Now);
    }

    [Fact]
    public void Events_returns_the_captured_events_in_order()
    {
        string path = _folder.Write("a.beecap", 1000, lossEvery: 100);

        using var reader = CaptureReader.Open(path);

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"line {i}"), reader.Events().Select(item => ((IteratorLine)item).Line));
        Assert.Equal((1000L, 30ul, true), (reader.Info.Events, reader.Info.Lost, reader.Info.IsComplete));
    }

    [Fact]
    public void Events_of_a_damaged_capture_returns_those_before_the_damage_and_throws()
    {
        string path = Blocks("a.beecap", 3, out long[] ends);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[ends[1] + 40] ^= 1;
        File.WriteAllBytes(path, bytes);
        using var reader = CaptureReader.Open(path);
        var read = new List<string>();

        Assert.Throws<CaptureException>(() =>
        {
            foreach (var item in reader.Events())
            {
                read.Add(((IteratorLine)item).Line);
            }
        });

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"line {i}"), read);
    }

    [Fact]
    public void Only_the_owner_may_read_a_capture()
    {
        string path = _folder.Write("a.beecap", 1);

        Assert.Equal("600", Bee.Posix.FileStatus.Of(path)!.Value.Permissions);
    }

    [Fact]
    public void A_capture_that_exists_is_replaced_only_on_demand()
    {
        string path = _folder.Write("a.beecap", 3);
        byte[] before = File.ReadAllBytes(path);

        var error = Assert.Throws<CaptureException>(() => CaptureWriter.Create(new CaptureOptions(path)));
        Assert.Equal(("Capture.Exists", CaptureFault.Exists), (error.Id, error.Fault));
        Assert.Equal(before, File.ReadAllBytes(path));

        CaptureWriter.Create(new CaptureOptions(path) { Replace = true }).Dispose();
        Assert.Empty(ListSink.Read(path, out CaptureReader reader).Events);
        Assert.True(reader.Info.IsComplete);
    }

    [Fact]
    public void A_capture_that_is_being_written_is_not_replaced()
    {
        foreach (var options in new[] { new CaptureOptions(_folder.Path("a.beecap")), new CaptureOptions(_folder.Path("r.beecap")) { MaxSize = 1 << 20 } })
        {
            using (var writer = CaptureWriter.Create(options))
            {
                Assert.Equal("Capture.InUse", Assert.Throws<CaptureException>(() => CaptureWriter.Check(options with { Replace = true })).Id);
                Assert.Equal("Capture.InUse", Assert.Throws<CaptureException>(() => CaptureWriter.Create(options with { Replace = true })).Id);
                writer.Write(CaptureFolder.Line(0));
                Assert.Equal(1, writer.Complete().Events);
            }

            // A file that replaced another is locked too.
            using var second = CaptureWriter.Create(options with { Replace = true });
            Assert.Equal(CaptureFault.InUse, Assert.Throws<CaptureException>(() => CaptureWriter.Check(options with { Replace = true })).Fault);
        }
    }

    [Theory]
    [InlineData("/dev/null")]
    [InlineData("/tmp")]
    [InlineData("/proc/self/fd/1")]
    [InlineData("/nowhere/a.beecap")]
    public void Write_does_not_replace_other_files_than_regular_ones(string path)
    {
        var error = Assert.Throws<CaptureException>(() => CaptureWriter.Create(new CaptureOptions(path) { Replace = true }));

        Assert.Equal(CaptureFault.CannotCreate, error.Fault);
    }

    [Fact]
    public void A_block_is_written_within_a_second_also_without_further_events()
    {
        using var writer = CaptureWriter.Create(new CaptureOptions(_folder.Path("a.beecap")));
        writer.Write(CaptureFolder.Line(0));

        Wait.Until(() => writer.Status.Ended is not null, "The block does not reach the file.");

        Assert.Equal(["line 0"], ListSink.Read(writer.Path, out CaptureReader reader).Events);
        Assert.Equal(new FileInfo(writer.Path).Length, reader.EndsEarlyAt);
    }

    [Fact]
    public void A_capture_that_was_cut_anywhere_is_read_up_to_the_last_whole_block()
    {
        string path = Blocks("a.beecap", 3, out long[] ends);
        byte[] whole = File.ReadAllBytes(path);
        string cut = _folder.Path("cut.beecap");
        for (int length = 0; length < whole.Length; length += length < ends[0] ? 7 : 13)
        {
            File.WriteAllBytes(cut, whole[..length]);
            if (length < ends[0])
            {
                Assert.Throws<CaptureException>(() => ListSink.Read(cut));
                continue;
            }

            var read = ListSink.Read(cut, out CaptureReader reader);
            int blocks = ends.Count(end => end <= length) - 1;
            Assert.Equal(Enumerable.Range(0, blocks * 10).Select(i => $"line {i}"), read.Events);
            Assert.Equal(ends[blocks], reader.EndsEarlyAt);
            Assert.False(reader.Info.IsComplete);
        }
    }

    [Fact]
    public void A_changed_byte_is_an_error_with_the_place_and_blocks_before_it_are_read()
    {
        string path = Blocks("a.beecap", 3, out long[] ends);
        byte[] whole = File.ReadAllBytes(path);
        for (long at = 0; at < whole.Length; at++)
        {
            byte[] changed = [.. whole];
            changed[at] ^= 0x10;
            File.WriteAllBytes(path, changed);
            var sink = new ListSink();
            CaptureException? error = null;
            long? early = null;
            try
            {
                using var reader = CaptureReader.Open(path);
                reader.Read(sink, CancellationToken.None);
                early = reader.EndsEarlyAt;
            }
            catch (CaptureException e)
            {
                error = e;
            }

            int block = ends.Count(end => end <= at) - 1;
            // A length that exceeds the file looks like the end of a killed writer's file.
            Assert.True(error is not null || early == ends[Math.Max(0, block)], $"The change at byte {at} was not noticed.");
            Assert.Equal(Math.Clamp(block, 0, 3) * 10, sink.Events.Count);
            if (block >= 0 && error is not null)
            {
                Assert.Equal(("Capture.Damaged", (long?)ends[block]), (error.Id, error.Offset));
                Assert.Contains($"at byte {ends[block]}", error.Message, StringComparison.Ordinal);
                Assert.NotNull(error.Remedy);
            }
        }
    }

    [Fact]
    public void Bytes_behind_the_end_are_an_error()
    {
        string path = _folder.Write("a.beecap", 3);
        File.AppendAllText(path, "more");

        Assert.Equal("Capture.Damaged", Assert.Throws<CaptureException>(() => ListSink.Read(path)).Id);
    }

    [Theory]
    [InlineData(2, "Capture.NewerVersion")]
    [InlineData(0, "Capture.Damaged")]
    [InlineData(-1, "Capture.Damaged")]
    public void Another_version_is_refused(int version, string id)
    {
        string path = _folder.Write("a.beecap", 3);
        byte[] bytes = File.ReadAllBytes(path);
        BitConverter.TryWriteBytes(bytes.AsSpan(8), version);
        File.WriteAllBytes(path, bytes);

        Assert.Equal(id, Assert.Throws<CaptureException>(() => ListSink.Read(path)).Id);
    }

    [Fact]
    public void A_block_that_unpacks_to_much_more_than_it_may_is_refused_before_memory_is_taken()
    {
        string path = _folder.Path("bomb.beecap");
        using (var file = CaptureFolder.Append(path))
        {
            file.Append(new ChunkHeader { Kind = ChunkKind.Data, Events = 1 }, new byte[1 << 20]);
        }

        byte[] bytes = File.ReadAllBytes(path);
        int at = bytes.AsSpan().IndexOf("DATA"u8);
        var honest = ChunkHeader.Read(bytes.AsSpan(at));
        foreach (uint length in new uint[] { 60 << 20, 100 << 20, uint.MaxValue, 5 })
        {
            new ChunkHeader { Kind = honest.Kind, Encoding = honest.Encoding, Stored = honest.Stored, Length = length, Events = 1 }.Write(bytes.AsSpan(at));
            File.WriteAllBytes(path, bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();

            Assert.Equal("Capture.Damaged", Assert.Throws<CaptureException>(() => ListSink.Read(path)).Id);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        }
    }

    [Fact]
    public void Control_characters_in_a_head_do_not_reach_a_terminal()
    {
        string path = _folder.Path("a.beecap");
        using (var file = CaptureFolder.Append(path))
        {
        }

        byte[] head = CaptureDocuments.Head(new CaptureFile { Path = path, Host = "evil\u001b[2Jhost", Started = DateTime.Now }, 1);
        byte[] chunk = new byte[CaptureFormat.PreambleSize + ChunkHeader.Size + head.Length];
        CaptureFormat.WritePreamble(chunk);
        head.CopyTo(chunk, CaptureFormat.PreambleSize + ChunkHeader.Size);
        new ChunkHeader { Kind = ChunkKind.Head, Stored = (uint)head.Length, Length = (uint)head.Length }.Write(chunk.AsSpan(CaptureFormat.PreambleSize));
        File.WriteAllBytes(path, chunk);

        using var reader = CaptureReader.Open(path);
        Assert.DoesNotContain('\u001b', reader.Info.Host);
    }

    [Fact]
    public void Files_of_a_size_are_numbered_readable_alone_and_the_oldest_are_removed()
    {
        var options = new CaptureOptions(_folder.Path("r.beecap")) { MaxSize = 256 << 10, MaxFiles = 3 };
        using var writer = CaptureWriter.Create(options);
        var chance = new Random(1);
        byte[] noise = new byte[96];
        int count = 0;
        while (writer.Status.FilesRemoved < 2)
        {
            chance.NextBytes(noise);
            writer.Write(new Bee.Ebpf.Events.IteratorLine($"{count++} {Convert.ToBase64String(noise)}"));
            writer.WriteLost("print_ring", 1);
        }

        CaptureFile done = writer.Complete();

        Assert.Equal(3, done.Files);
        Assert.Equal(3, _folder.Names.Length);
        Assert.Equal(_folder.Path("r.*.beecap"), done.Path);
        long kept = 0;
        ulong lost = 0;
        foreach (string name in _folder.Names)
        {
            Assert.InRange(new FileInfo(_folder.Path(name)).Length, 1, 320 << 10);
            var read = ListSink.Read(_folder.Path(name), out CaptureReader reader);
            kept += read.Events.Count;
            lost += read.Losses["print_ring"];
            Assert.True(reader.Info.IsComplete);
        }

        Assert.Equal((kept, count - kept), (done.Events, done.EventsRemoved));
        Assert.Equal((kept, lost), (Assert.Single(done.Streams, stream => stream.Name == "IteratorLine").Events, done.Lost));
        Assert.Equal(_folder.Names.Sum(name => new FileInfo(_folder.Path(name)).Length), done.Bytes);

        // Another capture under the same name would mix with the existing files.
        Assert.Equal(CaptureFault.Exists, Assert.Throws<CaptureException>(() => CaptureWriter.Create(options)).Fault);
        CaptureWriter.Create(options with { Replace = true }).Dispose();
        Assert.Equal(["r.1.beecap"], _folder.Names);
    }

    [Fact]
    public void The_types_of_the_first_block_are_read_without_a_step_forward_and_name_the_tool_of_a_map()
    {
        using var reader = CaptureReader.Open(Path.Combine(AppContext.BaseDirectory, "captures", "v1", "mixed.beecap"));
        EventUnpacker first = reader.FirstTypes();
        var sink = new ListSink();

        Assert.True(reader.Read(sink, CancellationToken.None));

        Assert.Equal(reader.Info.Events, sink.Events.Count);
        Assert.True(reader.Info.IsComplete);
        IRecordShape shape = Assert.Single(first.Shapes, shape => shape.Name == "print_seen");
        Assert.NotNull(first.ToolOf(shape));
        Assert.Equal(first.ToolOf(shape), first.ToolOf("print_seen"));
        Assert.Null(first.ToolOf("other"));
        Assert.Null(first.ToolOf(TraceLine.Shape));
    }

    [Fact]
    public void A_reader_stops_when_its_sink_has_enough()
    {
        string path = _folder.Write("a.beecap", 100);
        var sink = new ListSink(most: 7);

        using var reader = CaptureReader.Open(path);

        Assert.False(reader.Read(sink, CancellationToken.None));
        Assert.Equal(7, sink.Events.Count);
    }

    [Fact]
    public void A_summary_has_the_sums_with_and_without_the_end()
    {
        string path = Blocks("a.beecap", 3, out long[] ends);
        using (var reader = CaptureReader.Open(path))
        {
            CaptureFile all = reader.Summarize();
            Assert.Equal((30L, true, 1), (all.Events, all.IsComplete, all.Streams.Count));
        }

        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(ends[2] + 5);
        }

        using (var reader = CaptureReader.Open(path))
        {
            CaptureFile some = reader.Summarize();
            Assert.Equal((20L, false), (some.Events, some.IsComplete));
            Assert.Equal(ends[2], reader.EndsEarlyAt);
        }
    }

    [Fact]
    public void Further_calls_of_complete_and_dispose_change_nothing_and_events_behind_the_end_are_refused()
    {
        using var writer = CaptureWriter.Create(new CaptureOptions(_folder.Path("a.beecap")));
        writer.Write(CaptureFolder.Line(0));
        CaptureFile done = writer.Complete();

        Assert.Equal(done.Bytes, writer.Complete().Bytes);
        Assert.Throws<ObjectDisposedException>(() => writer.Write(CaptureFolder.Line(1)));
    }

    [Fact]
    public void A_disk_that_does_not_answer_holds_up_neither_a_stopped_reader_nor_the_end()
    {
        using var answers = new ManualResetEventSlim();
        using var writer = CaptureWriter.Create(new CaptureOptions(_folder.Path("a.beecap")), TimeSpan.FromMilliseconds(1), answers.Wait);
        var line = new Bee.Ebpf.Events.IteratorLine(new string('x', 1 << 20));
        for (int i = 0; i < 6; i++)
        {
            writer.Write(line);
        }

        var stop = new CancellationToken(canceled: true);
        Assert.Throws<OperationCanceledException>(() => writer.Write(line, stop));
        Assert.Throws<OperationCanceledException>(() => writer.WriteLost("map", 1, stop));
        var error = Assert.Throws<CaptureException>(writer.Complete);

        Assert.Contains("is incomplete: the disk has not answered", error.Message, StringComparison.Ordinal);
        Assert.False(writer.Status.IsComplete);
        answers.Set();
    }

    [Fact]
    public void A_reader_that_waits_for_the_disk_is_woken_when_it_is_stopped()
    {
        using var answers = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        using var writer = CaptureWriter.Create(new CaptureOptions(_folder.Path("a.beecap")), TimeSpan.FromMinutes(1), answers.Wait);
        var line = new Bee.Ebpf.Events.IteratorLine(new string('x', 1 << 20));
        var reader = Task.Run(() =>
        {
            while (true)
            {
                writer.Write(line, stop.Token);
            }
        });
        Wait.Until(() => writer.Status.Events == 6);
        stop.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() => reader.GetAwaiter().GetResult());
        answers.Set();
        Assert.Equal((6L, true), (writer.Complete().Events, writer.Status.IsComplete));
    }

    [Fact]
    public void An_event_that_fails_halfway_ends_the_capture_before_it()
    {
        using var writer = CaptureWriter.Create(new CaptureOptions(_folder.Path("a.beecap")));
        writer.Write(CaptureFolder.Line(0));

        var error = Assert.Throws<CaptureException>(() => writer.Write(new Bee.Ebpf.Events.IteratorLine(null!)));

        Assert.Contains("an event of type IteratorLine cannot be packed", error.Message, StringComparison.Ordinal);
        Assert.Same(error, Assert.Throws<CaptureException>(() => writer.Write(CaptureFolder.Line(1))));
        Assert.Same(error, Assert.Throws<CaptureException>(writer.Complete));
        Assert.Equal(["line 0"], ListSink.Read(writer.Path, out CaptureReader reader).Events);
        Assert.False(reader.Info.IsComplete);
    }

    [Fact]
    public void A_capture_that_cannot_be_replaced_stays_and_nothing_is_left()
    {
        Directory.CreateDirectory(_folder.Path("a.beecap/inner"));
        using var folder = Bee.Posix.Folder.Open(System.IO.Path.GetDirectoryName(_folder.Path("a"))!)!;

        Assert.Equal(CaptureFault.CannotCreate, Assert.Throws<CaptureException>(() => CaptureAppender.Create(folder, "a.beecap", 1, replace: true)).Fault);

        Assert.Empty(_folder.Names);
        Assert.True(Directory.Exists(_folder.Path("a.beecap/inner")));
    }

    [Fact]
    public void A_folder_that_is_exchanged_does_not_lead_the_next_files_elsewhere()
    {
        string folder = Directory.CreateDirectory(_folder.Path("mine")).FullName;
        string other = Directory.CreateDirectory(_folder.Path("other")).FullName;
        using var writer = CaptureWriter.Create(new CaptureOptions(System.IO.Path.Combine(folder, "r.beecap")) { MaxSize = 256 << 10, MaxFiles = 2 });
        Directory.Move(folder, _folder.Path("moved"));
        Directory.CreateSymbolicLink(folder, other);
        File.WriteAllText(System.IO.Path.Combine(other, "r.1.beecap"), "of another user");
        byte[] noise = new byte[64 << 10];
        while (writer.Status.FilesRemoved < 1)
        {
            Random.Shared.NextBytes(noise);
            writer.Write(new Bee.Ebpf.Events.IteratorLine(Convert.ToBase64String(noise)));
        }

        writer.Complete();

        Assert.Equal(["r.1.beecap"], Directory.GetFiles(other).Select(System.IO.Path.GetFileName));
        Assert.DoesNotContain(_folder.Path("moved/r.1.beecap"), Directory.GetFiles(_folder.Path("moved")));
        Assert.Equal(2, Directory.GetFiles(_folder.Path("moved")).Length);
    }

    [Fact]
    public void The_pattern_of_a_name_with_brackets_has_them_escaped()
    {
        using var writer = CaptureWriter.Create(new CaptureOptions(_folder.Path("r[1].beecap")) { MaxSize = 256 << 10 });

        Assert.Equal(_folder.Path("r`[1`].*.beecap"), writer.Path);
        Assert.Equal(["r[1].1.beecap"], _folder.Names);
    }

    // Writes blocks of ten lines, and returns the offsets where the head and each block end.
    private string Blocks(string name, int count, out long[] ends)
    {
        string path = _folder.Path(name);
        var packer = new Bee.Ebpf.Packing.EventPacker();
        var all = new List<long>();
        using var file = CaptureFolder.Append(path);
        all.Add(file.Length);
        for (int block = 0; block < count; block++)
        {
            var items = new System.Buffers.ArrayBufferWriter<byte>();
            packer.StartBlock();
            for (int i = 0; i < 10; i++)
            {
                packer.Pack(CaptureFolder.Line(block * 10 + i), items);
            }

            file.Append(new ChunkHeader { Kind = ChunkKind.Data, Events = 10 }, items.WrittenSpan);
            all.Add(file.Length);
        }

        file.Append(new ChunkHeader { Kind = ChunkKind.Done }, CaptureDocuments.Done([new CaptureStream("IteratorLine", count * 10, null)]));
        ends = [.. all];
        return path;
    }
}
