using System.Text.Json;
using System.Xml.Linq;

namespace Bee.Cmdlets.Tests;

/// <summary>Export-BeeFlameGraph and Export-BeeDashboard.</summary>
[Collection("Bee")]
public sealed class PictureTests(Programs programs) : IDisposable
{
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 0);
        BEE_STACKS(stacks, 1024);
        struct opened { pid_t pid; char comm[16]; user_stack_id user_stack; kernel_stack_id kernel_stack; };
        BEE_RING(print_opens, struct opened, 64 * 1024);
        BEE_HASH(counter_opens, struct opened, u64, 1024);
        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(struct trace_event_raw_sys_enter *ctx)
        {
            struct opened opened = {};

            if (!bee_targeted(target_pid))
                return 0;
            opened.pid = bee_pid();
            bpf_get_current_comm(opened.comm, sizeof(opened.comm));
            opened.user_stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
            opened.kernel_stack = bpf_get_stackid(ctx, &stacks, 0);
            bee_count(&counter_opens, &opened);
            bee_output(print_opens, &opened, sizeof(opened));
            return 0;
        }
        """;

    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    [KernelFact]
    public void Stacks_of_events_entries_and_captures_are_written_to_files()
    {
        using var load = new Load();
        _shell.Objects("$global:watch = Start-BeeProgram $object -Map print_opens -Parameter @{ target_pid = $load }", ("object", programs.Compile("stacks", Source)), ("load", load.Id));
        try
        {
            load.Do(": < /etc/hostname; : < /etc/hostname; : < /etc/hostname");
            _shell.Objects("$global:events = @($watch | Receive-BeeEvent -Wait -MaxEvents 3)");
            _shell.Objects("$events | Export-BeeFlameGraph $file", ("file", _folder["opens.svg"]));
            _shell.Objects("$events | Export-BeeFlameGraph $file", ("file", _folder["opens.folded"]));
            _shell.Objects("$events | Export-BeeEvent $file; Import-BeeEvent $file | Export-BeeFlameGraph $again", ("file", _folder["opens.beecap"]), ("again", _folder["again.folded"]));
            _shell.Objects("1..2 | ForEach-Object { $watch | Get-BeeMapEntry counter_opens } | Export-BeeFlameGraph $file", ("file", _folder["entries.folded"]));
            _shell.Objects("$events | Export-BeeFlameGraph $file", ("file", _folder["opens.pb.gz"]));
        }
        finally
        {
            _shell.Objects("$watch | Stop-BeeProgram");
        }

        string[] titles = [.. XDocument.Load(_folder["opens.svg"]).Descendants().Where(element => element.Name.LocalName == "title").Select(element => element.Value)];
        Assert.Equal("print_opens", titles[0]);
        Assert.Contains("all\n3 events, 100.00 %", titles);
        Assert.Contains("sh\n3 events, 100.00 %", titles);
        Assert.Contains("do_syscall_64\n3 events, 100.00 %", titles);
        string[] lines = File.ReadAllLines(_folder["opens.folded"]);
        Assert.All(lines, line => Assert.Matches("^sh;.*;do_syscall_64;.* [123]$", line));
        Assert.Equal(3, lines.Sum(line => int.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(lines, File.ReadAllLines(_folder["again.folded"]));
        Assert.Equal(lines, File.ReadAllLines(_folder["entries.folded"]));
        Assert.Equal([0x1f, 0x8b], File.ReadAllBytes(_folder["opens.pb.gz"])[..2]);
    }

    [Fact]
    public void Objects_without_stacks_and_no_objects_are_errors_and_keep_the_file()
    {
        string file = _folder.Write("x.svg", "mine");

        Assert.StartsWith("Picture.NoStack,", _shell.Error("Get-Item / | Export-BeeFlameGraph $file", ("file", file)).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("Picture.Empty,", _shell.Error("$null | Export-BeeFlameGraph $file", ("file", file)).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("FileExists,", _shell.Error("$null | Export-BeeFlameGraph $file -NoClobber", ("file", file)).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("NotAFile,", _shell.Error("$null | Export-BeeFlameGraph $file", ("file", _folder[""])).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("System.Int32 is not an event", _shell.Error("1..3 | Export-BeeFlameGraph $file", ("file", file)).Exception.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(file));
    }

    [Theory]
    [InlineData("x.png", true)]
    [InlineData("x", false)]
    [InlineData("x.png -Format Svg", false)]
    public void Extension_of_another_format_is_a_warning(string file, bool isWarned) => Assert.Equal(
        [$"{(isWarned ? 1 : 0)}"],
        _shell.Objects($"try {{ $null | Export-BeeFlameGraph {file} -WarningVariable said -WarningAction SilentlyContinue }} catch {{ }}; $said.Count").Select(item => $"{item}"));

    [Fact]
    public void Dashboard_of_an_image_or_object_is_written_without_running_it()
    {
        _shell.Objects("$null = Export-BeeDashboard test/opensnoop:v1 $file -Store $store -WarningAction SilentlyContinue", ("file", _folder["opensnoop.json"]), ("store", programs.Store));
        _shell.Objects("$null = Export-BeeDashboard $object $file -Title mine -MetricNames BumbleBee", ("object", programs.Calls), ("file", _folder["calls.json"]));
        Assert.StartsWith("FileExists,", _shell.Error("Export-BeeDashboard $object $file -NoClobber", ("object", programs.Calls), ("file", _folder["calls.json"])).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("NotAFile,", _shell.Error("Export-BeeDashboard $object $file", ("object", programs.Calls), ("file", _folder[""])).FullyQualifiedErrorId, StringComparison.Ordinal);
        _shell.Objects("Export-BeeDashboard $object $file -WhatIf", ("object", programs.Calls), ("file", _folder["none.json"]));

        using var image = JsonDocument.Parse(File.ReadAllText(_folder["opensnoop.json"]));
        Assert.Equal("bee-opensnoop", image.RootElement.GetProperty("uid").GetString());
        Assert.Contains("test/opensnoop:v1 (sha256:", image.RootElement.GetProperty("description").GetString(), StringComparison.Ordinal);
        using var calls = JsonDocument.Parse(File.ReadAllText(_folder["calls.json"]));
        Assert.Equal("mine", calls.RootElement.GetProperty("title").GetString());
        Assert.Contains("rate(ebpf_solo_io_counter_calls{", File.ReadAllText(_folder["calls.json"]), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["none.json"]));
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }
}
