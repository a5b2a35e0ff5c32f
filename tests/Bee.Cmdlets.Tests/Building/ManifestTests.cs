using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>The metadata of a bee.yaml, from the build through the image to the run.</summary>
[Collection("Bee")]
public sealed class ManifestTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();
    private readonly Load _load = new();

    private const string Manifest = """
        name: test/said
        maps:
          counter_calls: { kind: none }
          gauge_last: { help: "How far the counting is.", unit: calls }
          print_seen:
            help: One event a call.
            fields:
              number: { hidden: true }
              pid: { description: Who calls., width: 12, align: left, order: 1 }
        parameters:
          small: { description: "How much a call counts.", default: 3 }
        programs:
          entered: { description: "Sees calls." }
        """;

    [Fact]
    public void Unknown_names_are_errors_with_line_and_column()
    {
        Write("""
            maps:
              print_see:
                help: a
              print_seen:
                fields: { numbr: { width: 3 } }
            parameters:
              small: { default: 256 }
            programs:
              enter: { attach: x }
            """);

        ShellResult result = _shell.Run("Invoke-BeeBuild $folder -Store $store -OutFile $out", Variables());

        Assert.Empty(result.Output);
        Assert.Equal(["BadManifest", "BadManifest", "BadManifest", "BadManifest"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal([(2, 3), (5, 15), (7, 21), (9, 3)], result.Errors.Select(error => (Number(error, "Line"), Number(error, "Column"))));
        Assert.Contains("'print_seen' meant", result.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.Contains("0 to 255", result.Errors[2].ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["out.o"]));
        Assert.Empty(_shell.Objects("Get-BeeImage -Store $store"));
    }

    [Fact]
    public void Image_shows_the_metadata_of_its_author()
    {
        Write(Manifest);
        string[] lines = Details("Invoke-BeeBuild $folder -Store $store");

        Assert.All(lines.Where(line => line.StartsWith("    ", StringComparison.Ordinal)), line => Assert.True(line.Length <= 66, line));
        foreach (string text in new[] { "One event a call.", "How far the counting is. (calls)", "kind: none", "pid: Who calls.", "How much a call counts.", "= 3", "Sees calls." })
        {
            Assert.Contains(lines, line => line.Contains(text, StringComparison.Ordinal));
        }

        string[] parameters = _shell.Show("(Get-BeeImage test/said -Store $store).Parameters", Variables());
        Assert.Contains(parameters, line => line.StartsWith("small", StringComparison.Ordinal) && line.Contains(" 3 ", StringComparison.Ordinal) && line.Contains("How much", StringComparison.Ordinal));
    }

    [Fact]
    public void Defaults_have_the_form_that_a_user_types()
    {
        _folder.Write("src/calls.bpf.c", """
            #include "bee.h"
            BEE_LICENSE("GPL");
            BEE_PARAM(duration, whole, 2000000000);
            BEE_PARAM(duration, part, 1000001);
            BEE_PARAM(duration, none, 0);
            BEE_PARAM(duration, said, 0);
            struct tested_inner { ipv4_addr from; boottime when; };
            struct tested_rule { net_port port; u8 proto : 4; u8 rest : 4; char name[8]; duration wait; struct tested_inner inner; u16 list[2]; };
            const volatile struct tested_rule rule = { .port = bpf_htons(80), .proto = 6, .name = "web", .wait = 1500000, .inner = { .from = bpf_htonl(0x7f000001), .when = 1 }, .list = { 1, 2 } };
            const volatile struct { u16 low; s64 high; } unnamed = { 3, -1 };
            BEE_RING(print_x, u64, 4096);
            SEC("syscall") int run(void *ctx) { return whole + part + none + said + rule.port + unnamed.low; }
            """);
        _folder.Write("src/bee.yaml", "name: test/defaults\nparameters: { said: { default: 1500us } }\n");
        _shell.Objects("Invoke-BeeBuild $folder -Store $store", Variables());

        PSObject[] parameters = [.. _shell.Objects("(Get-BeeImage test/defaults -Store $store).Parameters", Variables())];
        Assert.Equal(
            [
                "duration whole 2s", "duration part 1.000001ms", "duration none 0", "duration said 1.5ms",
                """struct tested_rule rule {"port":80,"proto":6,"rest":0,"name":"web","wait":"1.5ms","inner":{"from":"127.0.0.1","when":"0x0100000000000000"},"list":[1,2]}""",
                """struct { u16 low; s64 high; } unnamed {"low":3,"high":-1}""",
            ],
            parameters.Select(parameter => $"{parameter.Properties["Type"].Value} {parameter.Properties["Name"].Value} {parameter.Properties["Default"].Value}"));
        // A value that ConvertTo-Json and Export-Csv can write.
        Assert.Equal("1500us", parameters[3].Properties["AuthorDefault"].Value);
    }

    [KernelFact]
    public void Completed_parameter_is_accepted()
    {
        _folder.Write("src/calls.bpf.c", """
            #include "bee.h"
            BEE_LICENSE("GPL");
            struct limits { u32 low; u64 high; };
            const volatile u32 list[3] = { 1, 2, 3 };
            const volatile char text[8] = "it's";
            const volatile struct limits bounds = { 3, 4 };
            BEE_PARAM(duration, window, 1500000);
            BEE_PARAM(bool, on, true);
            BEE_PARAM(s32, number, -5);
            SEC("raw_tp/sched_process_free") int run(void *ctx) { return list[0] + text[0] + bounds.low + window + on + number; }
            """);
        _shell.Objects("Invoke-BeeBuild $source -Tag test/offered -Store $store", Variables());

        const string Line = "Invoke-BeeProgram test/offered -Parameter ";
        string[] offered = [.. _shell.Objects("$env:BEE_STORE = $store; (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText; $env:BEE_STORE = $null", [.. Variables(), ("line", Line)]).Select(text => $"{text}")];
        Assert.Equal(["@{ bounds = @{} }", "@{ list = @(1, 2, 3) }", "@{ number = -5 }", "@{ on = $true }", "@{ text = 'it''s' }", "@{ window = '1.5ms' }"], offered.Order(StringComparer.Ordinal));
        foreach (string parameter in offered)
        {
            _shell.Objects($"Invoke-BeeProgram test/offered -Store $store -Parameter {parameter} -Duration 1ms -WarningAction Ignore", Variables());
        }
    }

    [Fact]
    public void Metadata_changes_the_image_and_not_the_object()
    {
        Write(Manifest);
        const string Build = "$image = Invoke-BeeBuild $folder -Store $store; $image.Digest; $image.Program.Digest";
        string[] before = [.. _shell.Objects(Build, Variables()).Select(text => $"{text}")];
        Write(Manifest.Replace("One event a call.", "Other words.", StringComparison.Ordinal));
        string[] after = [.. _shell.Objects(Build, Variables()).Select(text => $"{text}")];

        Assert.NotEqual(before[0], after[0]);
        Assert.Equal(before[1], after[1]);
        Write(Manifest);
        Assert.Equal(before[0], $"{_shell.Objects(Build, Variables())[0]}");
    }

    [KernelTheory]
    [InlineData("$folder")]
    [InlineData("$source")]
    [InlineData("(Invoke-BeeBuild $folder -Store $store).Reference -Store $store")]
    public void Metadata_applies_to_tables_and_defaults_of_a_run(string program)
    {
        Write(Manifest);
        _load.Repeat(": < /etc/hostname");

        string[] lines = _shell.Show($"Invoke-BeeProgram {program} -Parameter @{{ target_pid = $id }} -Map print_seen -MaxEvents 2 -Duration 20", Variables());
        Assert.Equal("pid", lines.First(line => line.Length > 0));
        Assert.Equal(2, lines.Count(line => line == $"{_load.Id}"));

        // First the default of the bee.yaml, then the given value.
        Assert.Equal(3u, Step(program, "target_pid = $id"));
        Assert.Equal(5u, Step(program, "target_pid = $id; small = 5"));
    }

    [KernelFact]
    public void Hidden_field_is_hidden_among_several_streams_too()
    {
        Write(Manifest);
        _load.Repeat(": < /etc/hostname");

        string[] lines = _shell.Show("Invoke-BeeProgram $folder -Parameter @{ target_pid = $id } -Map print_seen, gauge_last -Interval 100ms -Duration 1", Variables());

        Assert.Contains(lines, line => line.StartsWith("print_seen", StringComparison.Ordinal) && line.Contains($"pid={_load.Id}", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("gauge_last", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("number=", StringComparison.Ordinal));
    }

    [KernelFact]
    public void Value_is_shown_in_its_unit()
    {
        Write("maps: { gauge_last: { unit: ns } }");
        _load.Repeat(": < /etc/hostname");

        string[] lines = _shell.Show("Invoke-BeeProgram $folder -Parameter @{ target_pid = $id; small = 250 } -Map gauge_last -Interval 100ms -MaxEvents 4 -Duration 20", Variables());

        Assert.Contains(lines, line => line.EndsWith("us", StringComparison.Ordinal) || line.EndsWith("250ns", StringComparison.Ordinal));
        Assert.IsType<ulong>(_shell.Objects("Invoke-BeeProgram $folder -Parameter @{ target_pid = $id } -Map gauge_last -MaxEvents 1 -Duration 20 | ForEach-Object Value", Variables())[0].BaseObject);
    }

    [KernelFact]
    public void Kind_none_keeps_a_map_from_streaming()
    {
        Write(Manifest);
        _load.Repeat(": < /etc/hostname");

        string[] maps = [.. _shell.Objects(
            "Invoke-BeeProgram $folder -Parameter @{ target_pid = $id } -Interval 100ms -Duration 1 | ForEach-Object MapName", Variables())
            .Select(name => $"{name}").Distinct().Order(StringComparer.Ordinal)];

        Assert.Equal(["counter_cpu", "gauge_last", "print_seen"], maps);
    }

    [KernelFact]
    public void Program_attaches_to_the_target_in_the_manifest()
    {
        Write("programs: { entered: { attach: syscalls/sys_enter_chdir } }");
        _load.Repeat("cd /");

        PSObject[] seen = [.. _shell.Objects("Invoke-BeeProgram $folder -Parameter @{ target_pid = $id } -Map print_seen -MaxEvents 2 -Duration 20 | ForEach-Object number", Variables())];
        Assert.Equal(["1", "2"], seen.Select(number => $"{number}"));

        Assert.Contains(Details("Invoke-BeeBuild $folder -Tag t/attach -Store $store"), line => line.EndsWith("attached to syscalls/sys_enter_chdir", StringComparison.Ordinal));
        ErrorRecord error = Refused("programs: { entered: { attach: syscalls/sys_enter_chdirr } }");
        Assert.Contains("sys_enter_chdir", error.ToString(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Several_sources_become_one_object()
    {
        _folder.Write("src/one.bpf.c", Sources.Calls.Replace("__sync_fetch_and_add(last, small);", "__sync_fetch_and_add(last, step());", StringComparison.Ordinal).Replace("struct seen {", "int step(void);\nstruct seen {", StringComparison.Ordinal));
        _folder.Write("src/other.c", "#include \"bee.h\"\nextern const volatile u8 small;\n__noinline int step(void) { return small * 2; }\n");
        _folder.Write("src/bee.yaml", "name: test/several\nsources: [one.bpf.c, other.c]\n");
        _load.Repeat(": < /etc/hostname");

        PSObject image = Assert.Single(_shell.Objects("Invoke-BeeBuild $folder -Store $store", Variables()));
        Assert.Equal("test/several:latest", $"{image.Properties["Reference"].Value}");
        Assert.Equal("one.bpf.c, other.c", $"{_shell.Objects("$image.Build.Source", ("image", image))[0]}");
        Assert.Equal(2u, Step("$folder", "target_pid = $id"));
    }

    [Fact]
    public void Missing_source_is_an_error_with_its_location()
    {
        Write("sources:\n  - calls.bpf.c\n  - missing.bpf.c\n");

        ErrorRecord error = Refused(null);
        Assert.Equal((3, 5), (Number(error, "Line"), Number(error, "Column")));
        Assert.Contains("missing.bpf.c", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Manifest_with_sources_does_not_apply_to_other_files()
    {
        Write("sources: calls.bpf.c\nmaps: { print_seen: {} }\n");
        _folder.Write("src/alone.bpf.c", Sources.Program("raw_tp/sys_enter"));

        Assert.Single(_shell.Objects("Invoke-BeeBuild $folder/alone.bpf.c -Store $store", Variables()));
    }

    // The view of an image's parts in Format-List.
    private string[] Details(string build) =>
        [.. _shell.Objects($"$image = {build}; foreach ($part in 'Programs', 'Maps', 'Parameters') {{ [Bee.Cmdlets.Views.ViewText]::$part($image) }}", Variables())
            .SelectMany(text => $"{text}".Split('\n'))];

    // The amount by which gauge_last grows at each call.
    private uint Step(string program, string parameters)
    {
        ulong[] numbers = [.. _shell.Objects(
            $"Invoke-BeeProgram {program} -Parameter @{{ {parameters} }} -Map print_seen -MaxEvents 2 -Duration 20 | ForEach-Object number", Variables())
            .Select(number => (ulong)number.BaseObject)];
        return (uint)(numbers[1] - numbers[0]);
    }

    private ErrorRecord Refused(string? manifest)
    {
        if (manifest is not null)
        {
            Write(manifest);
        }

        return _shell.Error("Invoke-BeeProgram $folder -Parameter @{ target_pid = $id } -Duration 1", Variables());
    }

    private void Write(string manifest)
    {
        _folder.Write("src/calls.bpf.c", Sources.Calls);
        _folder.Write("src/bee.yaml", manifest);
    }

    private static int Number(ErrorRecord error, string name) => (int)error.Exception.GetType().GetProperty(name)!.GetValue(error.Exception)!;

    private (string, object?)[] Variables() =>
        [("folder", _folder["src"]), ("source", _folder["src/calls.bpf.c"]), ("store", _folder["store"]), ("out", _folder["out.o"]), ("id", _load.Id)];

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
        _folder.Dispose();
    }
}
