using System.Globalization;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Pinning;

[Collection(KernelFactAttribute.Collection)]
public sealed class PinTests : IDisposable
{
    private readonly string _folder = PinPath.Resolve($"test-{Environment.ProcessId}-{Guid.NewGuid():N}");

    [KernelFact]
    public void A_pinned_session_outlives_its_process_state_and_is_read_again()
    {
        int[] programs, links;
        using (var session = Start("calls"))
        {
            session.Pin(_folder, Details("calls", "print_calls_of_getpgid"));
            programs = [.. session.Programs.Select(p => p.Id)];
            links = [.. session.Programs.SelectMany(p => p.LinkIds)];
            Calls.GetProcessGroup(-1);
        }

        Calls.GetProcessGroup(-1);
        Calls.GetProcessGroup(-2);
        var pinned = PinnedProgram.Open(_folder);
        Assert.Equal("calls", pinned.Details.Name);
        using (var again = pinned.OpenSession())
        {
            Assert.Equal(programs, again.Programs.Select(p => p.Id));
            Assert.Equal(links, again.Programs.SelectMany(p => p.LinkIds));
            var counts = again.Maps.First(m => m.Name == "counter_by_argument").Entries().ToDictionary(e => (int)e.Get("argument")!, e => (ulong)e.Get("Value")!);
            Assert.Equal(2ul, counts[-1]);
            Assert.Equal(1ul, counts[-2]);
            using var reader = again.OpenReader(new EventReaderOptions { Select = map => pinned.Details.Streams.Contains(map.Name) });
            var sink = new CollectingSink();
            reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
            Assert.Equal([0ul, 1ul, 2ul], sink.Events.Select(e => (ulong)e.Get("number")!));
        }

        Calls.GetProcessGroup(-1);
        Assert.True(programs.All(KernelObjects.ProgramExists));
        Assert.Empty(pinned.Remove(Wait.Limit));
        Assert.DoesNotContain(programs, KernelObjects.ProgramExists);
        Wait.Until(() => !links.Any(KernelObjects.LinkExists));
        Assert.False(Directory.Exists(_folder));
    }

    [KernelFact]
    public void Pin_takes_a_name_and_Open_finds_it()
    {
        var name = Path.GetFileName(_folder);
        using (var session = BpfSession.Load(Fixture.Object("calls"), Calls.Own(Fixture.Object("calls"))))
        {
            Assert.Throws<InvalidOperationException>(() => session.Pin(name));
            session.Attach();
            Assert.Equal(_folder, session.Pin(name).Folder);
        }

        var pinned = PinnedProgram.Open(name);
        using (var again = pinned.OpenSession())
        {
            Assert.Throws<InvalidOperationException>(() => again.Programs[0].Attach());
        }

        Assert.Equal((name, "calls.o"), (pinned.Details.Name, pinned.Details.Origin));
        Assert.Empty(pinned.Remove(Wait.Limit));
    }

    [KernelTheory]
    [InlineData("samples")]
    [InlineData("iterators")]
    [InlineData("kinds")]
    [InlineData("losses")]
    public void Every_kind_with_links_can_be_pinned(string fixture)
    {
        int[] programs;
        using (var session = Start(fixture))
        {
            session.Pin(_folder, Details(fixture));
            programs = [.. session.Programs.Where(p => p.Id != 0).Select(p => p.Id)];
        }

        var pinned = PinnedProgram.Open(_folder);
        using (var again = pinned.OpenSession())
        using (var reader = again.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole }))
        {
            Calls.GetProcessGroup(-1);
            var sink = new CollectingSink();
            reader.Run(sink, CancellationToken.None, TimeSpan.FromMilliseconds(fixture == "samples" ? 300 : 0));
            Assert.NotEmpty(sink.Events);
        }

        Assert.Empty(pinned.Remove(Wait.Limit));
        Assert.DoesNotContain(programs, KernelObjects.ProgramExists);
    }

    [NetworkTheory]
    [InlineData("xdp", "xdp_md", "if (context->data_end - context->data == 375) seen(0); return XDP_PASS;")]
    [InlineData("tcx/ingress", "__sk_buff", "if (context->len == 375) seen(0); return -1;")]
    public void Programs_of_interfaces_stay_attached(string section, string context, string body)
    {
        using var world = new NetworkWorld();
        int[] programs;
        using (var session = BpfSession.Load(Counting.Object((section, "struct " + context, body)), new BpfSessionOptions { NetworkNamespace = world.Name, Interfaces = [NetworkWorld.Here] }))
        {
            session.Attach();
            session.Pin(_folder, Details("interface"));
            programs = [.. session.Programs.Select(p => p.Id)];
        }

        world.Receive(3);
        var pinned = PinnedProgram.Open(_folder);
        using (var again = pinned.OpenSession())
        {
            Assert.Equal(3ul, again.Counts()[0]);
        }

        Assert.Empty(pinned.Remove(Wait.Limit));
        Assert.DoesNotContain(programs, KernelObjects.ProgramExists);
    }

    [NetworkFact]
    public void Pin_names_a_program_without_a_link()
    {
        using var world = new NetworkWorld();
        var before = world.Traffic();
        TcFilter.IsForced = true;
        try
        {
            using var session = BpfSession.Load(Counting.Object(("tc", "struct __sk_buff", "return 0;")), new BpfSessionOptions { NetworkNamespace = world.Name, Interfaces = [NetworkWorld.Here] });
            session.Attach();
            var fault = Assert.Throws<PinException>(() => session.Pin(_folder, Details("filter")));
            Assert.Equal(PinFault.CannotPin, fault.Fault);
            Assert.Contains("'p0' (tc)", fault.Message);
        }
        finally
        {
            TcFilter.IsForced = false;
        }

        Assert.False(Directory.Exists(_folder));
        Assert.Equal(before, world.Traffic());
    }

    [KernelFact]
    public void Pin_leaves_an_existing_folder_unchanged()
    {
        using var first = Start("calls");
        using var second = Start("calls");
        var pinned = first.Pin(_folder, Details("first"));

        Assert.Equal(PinFault.Exists, Assert.Throws<PinException>(() => second.Pin(_folder, Details("second"))).Fault);
        Assert.Equal("first", PinnedProgram.Open(_folder).Details.Name);
        Assert.Null(second.Pinned);
        first.ForgetPins();
        first.Dispose();
        Assert.Empty(pinned.Remove(Wait.Limit));
    }

    [KernelFact]
    public void Pin_that_fails_halfway_leaves_nothing()
    {
        using var session = Start("calls");
        // The kernel limits names to 255 bytes: the program's name fits, but that of its link does not.
        var pins = session.Programs.Select(p => (PinNames.Programs, "fits", p.Fd)).Append((PinNames.Links, new string('x', 300), session.Maps[0].Fd));

        Assert.Throws<PinException>(() => PinFolder.Make(_folder, pins, new PinState(Guid.NewGuid(), Details("calls"), session.File)));
        Assert.False(Directory.Exists(_folder));
        Calls.GetProcessGroup(-1);
        Assert.NotEmpty(session.Maps.First(m => m.Name == "counter_by_argument").Entries());
    }

    [KernelFact]
    public void Detach_of_a_pinned_session_removes_the_pins_and_the_session_can_be_pinned_again()
    {
        using var session = Start("calls");
        var first = session.Pin(_folder, Details("first"));
        session.Detach();
        Assert.Null(session.Pinned);
        Assert.False(Directory.Exists(_folder));

        session.Attach();
        var second = session.Pin(_folder, Details("second"));
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal("second", PinnedProgram.Open(_folder).Details.Name);
        session.Detach();
        Assert.False(Directory.Exists(_folder));
    }

    [KernelFact]
    public void Only_one_reader_holds_the_lock()
    {
        using var session = Start("calls");
        var pinned = session.Pin(_folder, Details("calls"));
        using (pinned.Lock())
        {
            Assert.Equal(PinFault.InUse, Assert.Throws<PinException>(() => PinnedProgram.Open(_folder).Lock()).Fault);
        }

        pinned.Lock().Dispose();
        session.ForgetPins();
    }

    /// <summary>A child process between fork and exec shares the fds of its parent, as a duplicate does.</summary>
    [KernelFact]
    public void Dispose_of_a_lock_releases_it_for_a_child_with_the_fd()
    {
        using var session = Start("calls");
        var pinned = session.Pin(_folder, Details("calls"));
        var held = pinned.Lock();
        var fd = Directory.GetFileSystemEntries("/proc/self/fd").Single(link => new FileInfo(link).LinkTarget == _folder);
        var inherited = Calls.Duplicate(int.Parse(Path.GetFileName(fd)));
        held.Dispose();

        pinned.Lock().Dispose();
        Assert.Equal(0, Calls.Close(inherited));
        session.ForgetPins();
    }

    [KernelFact]
    public void Open_rejects_folders_that_Bee_did_not_create()
    {
        Assert.Equal(PinFault.NotFound, Fault());
        // A folder without a state, then with another map as its state, then with an exchanged map.
        PinPath.Create(_folder);
        Assert.Equal(PinFault.Foreign, Fault());
        using var session = Start("calls");
        Assert.Equal(0, LibbpfCalls.bpf_obj_pin(session.Maps[0].Fd, $"{_folder}/state"));
        Assert.Equal(PinFault.Foreign, Fault());
        Assert.Null(PinFolder.Remove(_folder));

        var pinned = session.Pin(_folder, Details("calls"));
        var map = $"{_folder}/maps/counter_by_argument";
        File.Delete(map);
        Assert.Equal(0, LibbpfCalls.bpf_obj_pin(session.Maps.First(m => m.Name == "gauge_slots").Fd, map));
        Assert.Equal(PinFault.Foreign, Assert.Throws<PinException>(() => pinned.OpenSession()).Fault);
        File.Delete(map);
        Assert.Equal(0, LibbpfCalls.bpf_obj_pin(session.Programs[0].Fd, map));
        Assert.Equal(PinFault.Foreign, Assert.Throws<PinException>(() => pinned.OpenSession()).Fault);

        Fixture.Run("chmod", "o+w", _folder);
        Assert.Equal(PinFault.Untrusted, Fault());
        Fixture.Run("chmod", "o-w", _folder);
        session.ForgetPins();

        PinFault Fault() => Assert.Throws<PinException>(() => PinnedProgram.Open(_folder)).Fault;
    }

    [KernelTheory]
    [InlineData("mkdir {0}; chown 12345 {0}", "belongs to user 12345", "rmdir {0}")]
    [InlineData("mkdir {0}; chown nobody {0}", "(nobody)", "rmdir {0}")]
    [InlineData("mkdir {0}; chmod 777 {0}", "can be written by other users", "chmod go-w {0}")]
    [InlineData("mkdir {0}; chmod 1770 {0}", "can be written by other users", "chmod go-w {0}")]
    [InlineData("ln -s /sys/fs/bpf {0}", "is a link", "rm {0}")]
    [InlineData("ln -s /sys/fs/bpf/nothing {0}", "does not exist", "mkdir {0}")]
    public void A_default_folder_that_others_can_change_is_reported_with_a_remedy(string make, string fault, string remedy)
    {
        // Not in the default folder, which is removed with its last pin.
        var parent = $"/sys/fs/bpf/{Path.GetFileName(_folder)}";
        Fixture.Run("mkdir", "-m", "700", parent);
        var bee = $"{parent}/bee";
        try
        {
            Fixture.Run("sh", "-c", string.Format(CultureInfo.InvariantCulture, make, bee));

            var error = Assert.Throws<PinException>(() => PinPath.CheckFree($"{bee}/tool"));

            Assert.Contains(fault, error.Message, StringComparison.Ordinal);
            Assert.Contains(string.Format(CultureInfo.InvariantCulture, remedy, bee), error.Remedy, StringComparison.Ordinal);
            if (error.Fault == PinFault.Untrusted)
            {
                Assert.Contains("mkdir -m 700 /sys/fs/bpf/bee-0", error.Remedy, StringComparison.Ordinal);
            }
        }
        finally
        {
            Fixture.Run("sh", "-c", $"rmdir {bee} 2>/dev/null || rm {bee}; rmdir {parent}");
        }
    }

    [KernelFact]
    public void A_folder_that_others_can_change_is_reported_with_a_remedy()
    {
        var error = Assert.Throws<PinException>(() => PinPath.CheckFree("/sys/fs/bpf/tool"));

        Assert.Equal(PinFault.Untrusted, error.Fault);
        Assert.DoesNotContain("chmod", error.Remedy, StringComparison.Ordinal);
        Assert.Contains("/sys/fs/bpf/bee-0/NAME", error.Remedy, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("/tmp/pins", PinFault.NotOnBpffs)]
    [InlineData("/sys/fs/bpf/no/such", PinFault.NotFound)]
    [InlineData("/sys/fs/bpf", PinFault.NotOnBpffs)]
    public void An_unsuitable_path_is_reported(string path, PinFault fault) =>
        Assert.Equal(fault, Assert.Throws<PinException>(() => PinPath.CheckFree(PinPath.Resolve(path))).Fault);

    [Theory]
    [InlineData("with.point")]
    [InlineData("../up")]
    [InlineData("a/b")]
    [InlineData("/")]
    [InlineData("/sys/fs/bpf/with space")]
    public void A_bad_name_is_rejected(string name) => Assert.Equal(PinFault.BadPath, Assert.Throws<PinException>(() => PinPath.Resolve(name)).Fault);

    [Fact]
    public void Names_of_pins_are_unique()
    {
        Assert.Equal("=2erodata", PinNames.Of(".rodata"));
        string[] names = [".a", "_a", "=a", "-a", "a-0", "a", "=2ea", "ä"];
        Assert.Equal(names.Length, names.Select(PinNames.Of).Distinct().Count());
        Assert.True(PinNames.IsLinkOf(PinNames.OfLink("a-b", 3), "a-b"));
        Assert.False(PinNames.IsLinkOf(PinNames.OfLink("a_b", 3), "a"));
    }

    [Fact]
    public void A_damaged_state_is_rejected()
    {
        Assert.Null(PinState.Decode([]));
        Assert.Null(PinState.Decode("{}\n"u8.ToArray()));
        Assert.Null(PinState.Decode("nonsense\n"u8.ToArray()));
        Assert.Null(PinState.Decode("""{"Id":"c56a4180-65aa-42ec-a945-5fd21dec0538","Details":{"Name":"x","Origin":"y","Started":"2026-01-01T00:00:00Z"},"ObjectName":"o","Words":{}}"""u8.ToArray().Concat("\nno object"u8.ToArray()).ToArray()));
    }

    [KernelFact]
    public void Decode_of_any_bytes_does_not_throw()
    {
        var file = Fixture.Object("calls").WithMetadata(new ObjectMetadata { Maps = new Dictionary<string, MapMetadata> { ["counter_by_argument"] = new() { Help = "Calls.", Labels = ["argument"] } } });
        var whole = new PinState(Guid.NewGuid(), Details("calls", "counter_by_argument"), file).Encode();
        var read = PinState.Decode(whole)!;
        Assert.Equal("Calls.", read.File.Maps.First(m => m.Name == "counter_by_argument").Metadata.Help);
        Assert.Equal(["counter_by_argument"], read.Details.Streams);

        var text = System.Text.Encoding.UTF8.GetString(whole, 0, Array.IndexOf(whole, (byte)'\n'));
        foreach (var part in new[] { "\"Maps\":{", "\"Labels\":[", "\"Fields\":{", "\"Programs\":{" })
        {
            var at = text.IndexOf(part, StringComparison.Ordinal) + part.Length - 1;
            Assert.True(at >= part.Length);
            PinState.Decode([.. System.Text.Encoding.UTF8.GetBytes(text[..at] + "null" + text[(text.IndexOf(part[^1] == '{' ? '}' : ']', at) + 1)..]), .. whole.AsSpan(text.Length)]);
        }

        const int Seed = 20261122;
        var random = new Random(Seed);
        for (var i = 0; i < 2000; i++)
        {
            var damaged = (byte[])whole.Clone();
            for (var flips = random.Next(1, 6); flips > 0; flips--)
            {
                damaged[random.Next(i % 2 == 0 ? text.Length : damaged.Length)] = (byte)random.Next(256);
            }

            // Only the absence of exceptions matters.
            PinState.Decode(random.Next(4) == 0 ? damaged[..random.Next(damaged.Length)] : damaged);
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            PinFolder.Remove(_folder);
        }
    }

    private static BpfSession Start(string fixture)
    {
        var file = Fixture.Object(fixture);
        var session = BpfSession.Load(file, fixture == "samples" ? new BpfSessionOptions { ProcessId = Environment.ProcessId } : Calls.Own(file));
        session.Attach();
        return session;
    }

    private static PinDetails Details(string name, params string[] streams) => new() { Name = name, Origin = "test", Started = DateTime.UtcNow, Streams = streams };
}
