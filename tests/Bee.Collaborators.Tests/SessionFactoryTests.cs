using System.Collections;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Cmdlets.Collaborators.Tests;

public sealed class SessionFactoryTests
{
    private readonly Session _session = new(Path.GetTempPath());
    private readonly Tool _tool = new("tool", "tool.o", ObjectFile.Read(Workbench.Object, "tool.o"));

    [Fact]
    public void Describe_warns_of_each_option_that_the_tool_does_not_use()
    {
        Factory(new SessionOptions { ProcessId = 1, Interfaces = ["lo"], Cgroup = "/", NetworkNamespace = "1", Trace = true, AttachTo = new Hashtable { ["other"] = "x" } }).Describe(_tool);

        Assert.Equal(["-ProcessId", "-Interface", "-Cgroup", "-NetworkNamespace", "-Trace"], _session.Warnings.Select(warning => warning.Split(' ')[0]));
        Assert.Equal("tool.o: 1 program, 2 maps.", Assert.Single(_session.Notes));
    }

    [Fact]
    public void Describe_without_options_warns_of_nothing()
    {
        Factory(new SessionOptions()).Describe(_tool);

        Assert.Empty(_session.Warnings);
    }

    [Theory]
    [InlineData("ParameterNotFound")]
    [InlineData("MapNotFound")]
    [InlineData("ProgramNotFound")]
    public void Start_with_an_unknown_name_throws_before_it_loads(string id)
    {
        var given = new Hashtable { ["none"] = "1" };
        SessionOptions options = id switch
        {
            "ParameterNotFound" => new SessionOptions { Parameters = given },
            "MapNotFound" => new SessionOptions { MapEntries = given },
            _ => new SessionOptions { AttachTo = given },
        };

        Assert.Equal(id, Assert.ThrowsAny<BeeException>(() => Factory(options).Start(_tool)).Id);
        Assert.Empty(_session.Notes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1.5)]
    [InlineData(-1)]
    [InlineData(4294967296)]
    [InlineData("10k")]
    public void Start_with_a_size_that_is_not_a_whole_number_throws_before_it_loads(object? size)
    {
        SessionOptions options = new() { MapSizes = new Hashtable { [_tool.File.Maps[0].Name] = size } };

        Assert.Equal("BadMapSize", Assert.ThrowsAny<BeeException>(() => Factory(options).Start(_tool)).Id);
        Assert.Empty(_session.Notes);
    }

    [KernelFact]
    public void Start_attaches_and_disposing_the_session_detaches()
    {
        KernelIds held;
        (BpfSession session, EventReader reader) = Factory(new SessionOptions()).Start(_tool);
        using (session)
        using (reader)
        {
            held = Kernel.Held();
            Assert.Equal("print_events", Assert.Single(reader.Streams).Name);
            Assert.Equal(["Loaded", "Attached"], _session.Notes.Select(note => note.Split(' ')[0]));
        }

        Kernel.AssertGone(held);
    }

    [KernelFact]
    public void Start_that_fails_after_loading_leaves_nothing_loaded()
    {
        KernelIds before = Kernel.Held();

        Assert.Equal("MapNotFound", Assert.Throws<BeeInputException>(() => Factory(new SessionOptions { Maps = ["none"] }).Start(_tool)).Id);

        Assert.Equal(before.Programs.Count, Kernel.Held().Programs.Count);
    }

    [Fact]
    public void Start_of_a_tool_with_only_syscall_programs_throws()
    {
        var error = Assert.Throws<BeeInputException>(() => Factory(new SessionOptions()).Start(Compiled("struct sum { u32 a, b; u64 sum; };\nSEC(\"syscall\") int add(struct sum *call) { return 0; }")));

        Assert.Equal("NothingToAttach", error.Id);
        Assert.Contains("add", error.Message, StringComparison.Ordinal);
        Assert.Contains("Test-BeeProgram", ErrorRecords.Remedy(error), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Start_warns_of_twins_and_does_not_load_skipped_programs()
    {
        Tool tool = Compiled("""
            SEC("tp_btf/sys_enter") int typed(void *ctx) { return 0; }
            SEC("raw_tp/sys_enter") int raw(void *ctx) { return 0; }
            SEC("?raw_tp/sys_exit") int other(void *ctx) { return 0; }
            """);
        (SessionOptions Options, string[] Loaded, bool Warns)[] cases =
        [
            (new(), ["typed", "raw"], true),
            (new() { PreferTyped = true }, ["typed"], false),
            (new() { Skip = ["TYP*", "nothing*"] }, ["raw"], false),
            (new() { Skip = ["raw"], AttachTo = new Hashtable { ["other"] = true } }, ["typed", "other"], false),
            (new() { AttachTo = new Hashtable { ["typed"] = null, ["other"] = "true" } }, ["raw", "other"], false),
            (new() { AttachTo = new Hashtable { ["typed"] = "none" } }, ["raw"], false),
        ];
        foreach ((SessionOptions options, string[] loaded, bool warns) in cases)
        {
            _session.Warnings.Clear();
            (BpfSession session, EventReader reader) = Factory(options).Start(tool);
            using (session)
            using (reader)
            {
                Assert.Equal(loaded, session.Programs.Where(program => program.Id != 0).Select(program => program.Name));
                Assert.Equal(loaded, new BpfProgramSession(1, "tool", tool.Identity, Guid.Empty, session, null!).Programs.Select(program => program.Name));
            }

            Assert.Equal(warns, _session.Warnings.Exists(warning => warning.Contains("-PreferTyped", StringComparison.Ordinal) && warning.Contains("raw", StringComparison.Ordinal)));
        }

        Assert.Equal("ProgramNotFound", Assert.Throws<BeeInputException>(() => Factory(new() { Skip = ["none"] }).Start(tool)).Id);
        Assert.Equal("NothingToAttach", Assert.Throws<BeeInputException>(() => Factory(new() { Skip = ["*"] }).Start(tool)).Id);
    }

    [KernelFact]
    public void LoadForTest_loads_the_only_default_program_or_the_named_one()
    {
        Tool tool = Compiled("""
            BEE_HASH(deny, u32, u8, 16);
            SEC("xdp") int drop(struct xdp_md *ctx) { u32 key = 1; return bpf_map_lookup_elem(&deny, &key) ? XDP_DROP : XDP_PASS; }
            SEC("?tc") int other(struct __sk_buff *skb) { return 2; }
            """);
        var input = new ProgramTestInput { Data = new byte[60] };
        using ProgramTest drop = Factory(new SessionOptions { MapEntries = new Hashtable { ["deny"] = new Hashtable { [1] = 1 } } }).LoadForTest(tool, null);
        using ProgramTest other = Factory(new SessionOptions()).LoadForTest(tool, "OTHER");

        Assert.Equal(("XDP_DROP", "TC_ACT_SHOT"), (drop.Run(input).Action, other.Run(input).Action));
        Assert.Empty(drop.Run(input).Entries);
        Assert.Equal("ProgramNotFound", Assert.ThrowsAny<BeeException>(() => Factory(new SessionOptions()).LoadForTest(tool, "none")).Id);
    }

    [Fact]
    public void LoadForTest_with_several_programs_needs_a_name()
    {
        Tool tool = Compiled("SEC(\"xdp\") int one(struct xdp_md *ctx) { return 2; }\nSEC(\"tc\") int two(struct __sk_buff *skb) { return 0; }");

        Assert.Equal("SeveralPrograms", Assert.ThrowsAny<BeeException>(() => Factory(new SessionOptions()).LoadForTest(tool, null)).Id);
    }

    [KernelFact]
    public void WarnIfSilent_lists_the_maps_of_a_tool_without_streams()
    {
        SessionFactory factory = Factory(new SessionOptions { Maps = ["none*"] });
        (BpfSession session, EventReader reader) = factory.Start(_tool);
        using (session)
        using (reader)
        {
            factory.WarnIfSilent(_tool, reader);
        }

        Assert.Contains("print_events", Assert.Single(_session.Warnings), StringComparison.Ordinal);
    }

    private SessionFactory Factory(SessionOptions options) => new(options, _session, _session);

    private static Tool Compiled(string code) => new("made", "made.o", ObjectFile.Read(Workbench.Compile($"#include \"bee.h\"\nBEE_LICENSE(\"GPL\");\n{code}\n"), "made.o"));
}
