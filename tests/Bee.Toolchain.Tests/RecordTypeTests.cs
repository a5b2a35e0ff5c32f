using Bee.Ebpf.Checks;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Toolchain.Compiling;

namespace Bee.Toolchain.Tests;

/// <summary>Records without a declared type: the compiler keeps the type, and the source and the rest of the object stay unchanged.</summary>
public class RecordTypeTests
{
    private const string Buffer = """
        #include "vmlinux.h"
        #include <bpf/bpf_helpers.h>

        struct event { u32 tgid; u32 flags; u64 at; char comm[16]; };
        struct other { u64 start; };
        union both { u32 number; char text[8]; };
        typedef struct { u16 port; u16 length; } packet_t;

        struct {
            __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
            __uint(key_size, sizeof(u32));
            __uint(value_size, sizeof(u32));
        } events SEC(".maps");

        SEC("tracepoint/syscalls/sys_enter_getpgid")
        int enter(void *ctx)
        {
            struct event event = { .tgid = bpf_get_current_pid_tgid() >> 32 };
            bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
            return 0;
        }

        char LICENSE[] SEC("license") = "GPL";
        """;

    private const string Untyped = $$"""
        {{Buffer}}

        SEC("iter/task")
        int dump(struct bpf_iter__task *ctx)
        {
            struct other other = { .start = ctx->task ? ctx->task->start_time : 0 };
            bpf_seq_write(ctx->meta->seq, &other, sizeof(other));
            return 0;
        }
        """;

    [CompileTheory]
    [InlineData("event", "struct event", 32)]
    [InlineData("both", "union both", 8)]
    [InlineData("packet_t", "packet_t", 4)]
    public void Type_that_nothing_refers_to_is_kept(string type, string name, int size)
    {
        using var folder = new TemporaryFolder();
        var plain = Compile(folder, Untyped);
        var kept = Compile(folder, Untyped, ("events", type), ("dump", "other"));

        Assert.Empty(kept.Diagnostics);
        var (before, after) = (ObjectFile.Read(plain.Object, "plain"), ObjectFile.Read(kept.Object, "kept"));
        Assert.Null(RecordTypes.Find(before.Btf, type));
        Assert.Equal((name, (uint)size, MapRole.Print), (after.Maps[0].Value!.ToString(), after.Maps[0].ValueSize, after.Maps[0].Role));
        Assert.Equal("struct other", after.Programs.Single(program => program.IsIterator).Record!.ToString());
        Assert.Equal(before.Maps.Select(map => (map.Name, map.Type, map.MaxEntries)), after.Maps.Select(map => (map.Name, map.Type, map.MaxEntries)));
        Assert.Equal(before.Programs.Select(program => (program.Name, program.SectionName, program.InstructionCount)), after.Programs.Select(program => (program.Name, program.SectionName, program.InstructionCount)));
        Assert.Empty(UntypedRecords.In(after));
    }

    [CompileFact]
    public void Two_folders_give_the_same_bytes_and_the_lines_of_the_source_stay()
    {
        using var one = new TemporaryFolder();
        using var two = new TemporaryFolder();
        var link = Path.Combine(two.Path, "link");
        Directory.CreateSymbolicLink(link, one.Path);

        var first = Compile(one, Buffer, ("events", "event"));
        var second = Compile(two, Buffer, ("events", "event"));
        var linked = Compiler.Compile(Request(Path.Combine(link, "tool.bpf.c"), ("events", "event")), CancellationToken.None);

        Assert.Equal(first.Object, second.Object);
        Assert.Equal(first.Object, linked.Object);
        Assert.True(first.Object.AsSpan().IndexOf("int enter(void *ctx)"u8) > 0);
        Assert.False(first.Object.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(one.Path)) >= 0);
    }

    [CompileTheory]
    [InlineData("\nint mistake(void) { return nothing; }")]
    [InlineData("\nstatic int unused(void) { return 1; }")]
    [InlineData("\nint open(void) { if (1) {")]
    [InlineData("\n#warning from here\n#line 7 \"other.c\"\nint x = \"text\";")]
    public void Diagnostics_are_those_of_the_source(string end)
    {
        using var folder = new TemporaryFolder();
        var plain = Compile(folder, Untyped + end);
        var kept = Compile(folder, Untyped + end, ("events", "event"));

        Assert.NotEmpty(plain.Diagnostics);
        Assert.Equal(plain.Success, kept.Success);
        Assert.Equal(plain.Diagnostics.Select(item => $"{item}"), kept.Diagnostics.Select(item => $"{item}"));
    }

    [CompileFact]
    public void Of_several_sources_each_keeps_what_it_defines()
    {
        const string Second = """
            #include "vmlinux.h"
            #include <bpf/bpf_helpers.h>
            #include "shared.h"
            extern int bpf_rcu_read_lock(int own) __ksym;
            struct late { u64 a, b; };
            struct {
                __uint(type, BPF_MAP_TYPE_RINGBUF);
                __uint(max_entries, 4096);
            } later SEC(".maps");
            SEC("tracepoint/syscalls/sys_exit_getpgid")
            int leave(void *ctx)
            {
                struct late late = {};
                bpf_ringbuf_output(&later, &late, sizeof(late), 0);
                return 0;
            }
            char LICENSE[] SEC("license") = "GPL";
            """;
        using var folder = new TemporaryFolder();
        folder.Write("shared.h", "struct shared { u32 x[3]; };");
        var request = Request(folder.Write("tool.bpf.c", "#include \"vmlinux.h\"\n#include \"shared.h\"\n" + Untyped), ("events", "shared"), ("later", "late"), ("dump", "other"));
        var result = Compiler.Compile(request with { LinkedSources = [folder.Write("second.bpf.c", Second)] }, CancellationToken.None);

        Assert.Empty(result.Diagnostics);
        var file = ObjectFile.Read(result.Object, "linked");
        Assert.Equal(["struct shared", "struct late"], file.Maps.Where(map => map.IsEventStream).Select(map => map.Value!.ToString()));
        Assert.Equal("struct other", file.Programs.Single(program => program.IsIterator).Record!.ToString());
    }

    [CompileFact]
    public void Undefined_type_is_ignored_and_reported_by_the_manifest()
    {
        using var folder = new TemporaryFolder();
        var result = Compile(folder, Untyped, ("events", "evnt"), ("dump", "other"), ("no map", "event"));

        Assert.Empty(result.Diagnostics);
        var file = ObjectFile.Read(result.Object, "tool");
        Assert.Null(file.Maps[0].Value);
        Assert.NotNull(file.Programs.Single(program => program.IsIterator).Record);
        var said = new ObjectMetadata { Maps = new Dictionary<string, MapMetadata> { ["events"] = new() { Type = "evnt", Fields = new Dictionary<string, FieldMetadata> { ["tgid"] = new() { Width = 4 } } } } };
        var fault = Assert.Single(MetadataCheck.Check(said, file));
        Assert.Equal(("maps/events/type", "evnt"), (fault.Place, fault.UnknownType));
    }

    [CompileFact]
    public void Types_of_a_source_and_its_headers_are_found_with_their_sizes()
    {
        using var folder = new TemporaryFolder();
        folder.Write("own.h", "/* struct gone { int a; }; */\nstruct own { u64 a[3]; } __attribute__((packed));\n#ifdef NEVER\nstruct never { int a; };\n#endif\nstruct forward;\n");
        var request = Request(folder.Write("tool.bpf.c", Untyped.Replace("struct event {", "#include \"own.h\"\nstruct event {")));

        Assert.Equal(
            [new("struct event", 32), new("struct other", 8), new("union both", 8), new("packet_t", 4), new("struct own", 24)],
            Compiler.FindTypes(request, CancellationToken.None));
        Assert.Equal(["events"], SourceText.Read(request.Source, []).Buffers);
        Assert.Empty(Compiler.FindTypes(Request(folder.Write("broken.bpf.c", Untyped + "\nx")), CancellationToken.None));
    }

    private static CompileResult Compile(TemporaryFolder folder, string source, params (string Name, string Type)[] types) =>
        Compiler.Compile(Request(folder.Write("tool.bpf.c", source), types), CancellationToken.None);

    private static CompileRequest Request(string source, params (string Name, string Type)[] types) =>
        new() { Source = source, RecordTypes = types.ToDictionary(type => type.Name, type => type.Type) };
}
