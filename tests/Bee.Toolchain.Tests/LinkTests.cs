using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Diagnostics;

namespace Bee.Toolchain.Tests;

/// <summary>Tools of several C files.</summary>
public class LinkTests
{
    private const string One = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);
        struct seen { u32 pid; };
        BEE_RING(print_seen, struct seen, 1 << 20);
        int wanted(int pid);
        SEC("tracepoint/syscalls/sys_enter_openat")
        int one(void *ctx)
        {
            struct seen *event;
            if (!wanted(bee_pid()))
                return 0;
            event = bee_reserve(print_seen, struct seen);
            if (!event)
                return 0;
            event->pid = bee_pid();
            bee_submit(event);
            return 0;
        }
        """;

    private const string Two = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        extern const volatile pid_t target_pid;
        struct other { u64 pid; };
        BEE_RING(print_other, struct other, 1 << 20);
        __noinline int wanted(int pid) { return pid == target_pid; }
        SEC("tracepoint/syscalls/sys_exit_openat")
        int two(void *ctx)
        {
            struct other *event = wanted(bee_pid()) ? bee_reserve(print_other, struct other) : 0;
            if (!event)
                return 0;
            event->pid = bee_pid();
            bee_submit(event);
            return 0;
        }
        """;

    private static CompileResult Build(TemporaryFolder folder, params string[] texts)
    {
        string[] files = [.. texts.Select((text, i) => folder.Write($"part{i}.bpf.c", text))];
        return Compiler.Compile(new CompileRequest { Source = files[0], LinkedSources = files[1..] }, CancellationToken.None);
    }

    [CompileFact]
    public void Two_files_make_one_object()
    {
        using var folder = new TemporaryFolder();
        var result = Build(folder, One, Two);

        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        var file = ObjectFile.Read(result.Object, "linked");
        Assert.Equal(["one", "two"], file.Programs.Select(program => program.Name).Order());
        Assert.Equal(["bee_lost", "print_other", "print_seen"], file.Maps.Where(map => !map.IsInternal).Select(map => map.Name).Order());
        Assert.Equal(["target_pid"], file.Parameters.Select(parameter => parameter.Name));
        Assert.Equal("GPL", file.License);
    }

    [CompileFact]
    public void The_same_files_give_the_same_bytes()
    {
        using var here = new TemporaryFolder();
        using var there = new TemporaryFolder();

        Assert.Equal(Build(here, One, Two).Object, Build(there, One, Two).Object);
    }

    [KernelFact]
    public void Kernel_loads_both_programs_and_both_report()
    {
        using var folder = new TemporaryFolder();
        var file = ObjectFile.Read(Build(folder, One, Two).Object, "linked");
        using var session = BpfSession.Load(file, new BpfSessionOptions { Parameters = { ["target_pid"] = Environment.ProcessId } });
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        session.Attach();
        File.ReadAllText("/etc/hostname");
        var sink = new CountingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.FromMilliseconds(300));

        Assert.Equal(["print_other", "print_seen"], sink.Maps.Order());
    }

    [KernelFact]
    public void A_map_of_one_file_is_used_by_another()
    {
        using var folder = new TemporaryFolder();
        var result = Build(folder, One, Two
            .Replace("struct other { u64 pid; };", "struct seen { u32 pid; };")
            .Replace("BEE_RING(print_other, struct other, 1 << 20);", "extern BEE_RING(print_seen, struct seen, 1 << 20);")
            .Replace("print_other, struct other", "print_seen, struct seen")
            .Replace("struct other *", "struct seen *"));

        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        using var session = BpfSession.Load(ObjectFile.Read(result.Object, "linked"), new BpfSessionOptions());
        Assert.Equal(["bee_lost", "print_seen"], session.Maps.Where(map => !map.Description.IsInternal).Select(map => map.Name).Order());
    }

    [CompileFact]
    public void Linked_object_has_the_descriptions_of_both_files()
    {
        using var folder = new TemporaryFolder();
        var file = ObjectFile.Read(Build(folder, One.Replace("BEE_RING", "BEE_DESCRIBE(\"One.\") BEE_RING"), Two.Replace("u64 pid;", "BEE_DESCRIBE(\"Two.\") u64 pid;")).Object, "linked");

        Assert.Equal("One.", file.Maps.Single(map => map.Name == "print_seen").Metadata.Help);
        Assert.Equal("Two.", file.Maps.Single(map => map.Name == "print_other").Metadata.Fields["pid"].Description);
    }

    [CompileFact]
    public void Error_in_either_file_has_its_position()
    {
        using var folder = new TemporaryFolder();
        var result = Build(folder, One.Replace("return 0;", "return nothing;"), Two.Replace("pid == target_pid", "pid == no_such"));

        Assert.False(result.Success);
        Assert.Equal(["part0.bpf.c", "part1.bpf.c"], result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => Path.GetFileName(d.File)).Distinct());
    }

    [CompileFact]
    public void Duplicate_definition_is_reported_in_the_second_file()
    {
        using var folder = new TemporaryFolder();
        var result = Build(folder, One, Two.Replace("extern const volatile pid_t target_pid;", "BEE_PARAM(pid_t, target_pid, 0);"));

        var error = Assert.Single(result.Diagnostics);
        Assert.Equal((DiagnosticSeverity.Error, "part1.bpf.c"), (error.Severity, Path.GetFileName(error.File)));
        Assert.Contains("'target_pid'", error.Message);
        Assert.Contains("extern", error.Remedy);
    }

    [CompileFact]
    public void Different_licenses_are_reported()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Single(Build(folder, One, Two.Replace("\"GPL\"", "\"Dual MIT/GPL\"")).Diagnostics);

        Assert.Contains("license", error.Message);
    }

    private sealed class CountingSink : IEventSink
    {
        internal HashSet<string> Maps { get; } = [];

        public bool Event(BpfEvent e) => Maps.Add((string)e.GetType().GetProperty("MapName")!.GetValue(e)!) || true;

        // This process opens files all the time, and nothing reads the ring meanwhile. Losses do not matter here.
        public void Lost(string map, ulong count)
        {
        }
    }
}
