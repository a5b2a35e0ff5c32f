using Bee.Ebpf;
using Bee.Ebpf.Metadata;

namespace Bee.Toolchain.Tests;

/// <summary>Metadata in the C file.</summary>
public class DescribeTests
{
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_DESCRIBE("Only this process; 0 for all.")
        BEE_PARAM(pid_t, target_pid, 0);
        BEE_PARAM(bool, silent, false);

        struct caller { BEE_DESCRIBE("Who calls.") pid_t pid; };
        struct seen {
            BEE_DESCRIBE("When.") ktime at;
            union {
                BEE_DESCRIBE("As a number.") u64 number;
                u32 half;
            };
            u32 plain;
        };
        BEE_DESCRIBE("What was seen.")
        BEE_RING(print_seen, struct seen, 4096);
        BEE_DESCRIBE("How many calls.")
        BEE_HASH(counter_calls, struct caller, u64, 16);
        BEE_HASH(quiet, u32, u64, 16);

        BEE_DESCRIBE("Watches openat.")
        SEC("tracepoint/syscalls/sys_enter_openat")
        int watch(void *ctx)
        {
            struct caller key = { bee_pid() };
            struct seen *event;
            if (!bee_targeted(target_pid) || silent)
                return 0;
            bee_count(&counter_calls, &key);
            event = bee_reserve(print_seen, struct seen);
            if (event)
                bee_submit(event);
            return 0;
        }
        """;

    [CompileFact]
    public void Tags_are_read_from_the_object()
    {
        var file = Sources.Compile(Source);

        Assert.Equal("Only this process; 0 for all.", file.Parameters.Single(parameter => parameter.Name == "target_pid").Description);
        Assert.Null(file.Parameters.Single(parameter => parameter.Name == "silent").Description);
        var seen = file.Maps.Single(map => map.Name == "print_seen").Metadata;
        Assert.Equal("What was seen.", seen.Help);
        Assert.Equal([("at", "When."), ("number", "As a number.")], seen.Fields.Select(field => (field.Key, field.Value.Description)));
        var calls = file.Maps.Single(map => map.Name == "counter_calls").Metadata;
        Assert.Equal(("How many calls.", "Who calls."), (calls.Help, calls.Fields["pid"].Description));
        Assert.Null(file.Maps.Single(map => map.Name == "quiet").Metadata.Help);
        Assert.Equal("Watches openat.", Assert.Single(file.Programs).Description);
    }

    [CompileFact]
    public void A_manifest_comes_before_the_tags_and_leaves_the_others()
    {
        var file = Sources.Compile(Source).WithMetadata(new ObjectMetadata
        {
            Maps = new Dictionary<string, MapMetadata>
            {
                ["print_seen"] = new() { Help = "Other words.", Fields = new Dictionary<string, FieldMetadata> { ["at"] = new() { Width = 20 } } },
            },
        });

        var seen = file.Maps.Single(map => map.Name == "print_seen").Metadata;
        Assert.Equal("Other words.", seen.Help);
        Assert.Equal(("When.", 20), (seen.Fields["at"].Description, seen.Fields["at"].Width));
        Assert.Equal("As a number.", seen.Fields["number"].Description);
        Assert.Equal("How many calls.", file.Maps.Single(map => map.Name == "counter_calls").Metadata.Help);
    }

    [KernelFact]
    public void Kernel_loads_tagged_programs()
    {
        using var session = BpfSession.Load(Sources.Compile(Source), new BpfSessionOptions());

        Assert.True(Assert.Single(session.Programs).Id > 0);
    }
}
