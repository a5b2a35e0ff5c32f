using System.Management.Automation;
using System.Runtime.InteropServices;
using Bee.Foreign;

namespace Bee.Cmdlets.Tests;

/// <summary>An image of Inspektor Gadget, whose object uses its macros and types, and whose metadata describes the output.</summary>
[Collection("Bee")]
public sealed class GadgetImageTests : IDisposable
{
    private const string Metadata = """
        name: trace groups
        description: who asks for process groups
        homepageURL: https://example.org/
        documentationURL: https://example.org/docs
        sourceURL: https://example.org/groups
        datasources:
          groups:
            fields:
              error: { annotations: { columns.hidden: true } }
              server: { annotations: { columns.hidden: true } }
              host: { annotations: { columns.hidden: true } }
              nobody: { annotations: { columns.hidden: "true" } }
              asked: { annotations: { description: Whom they ask for, columns.width: 7, columns.alignment: left } }
              note: { annotations: { description: "A remark\u001b[31m" } }
        params:
          ebpf:
            targ_failed: { key: only-failed, defaultValue: "false", description: Only calls that failed }

        """;

    // The names of the data sources that the object declares.
    private const string Metered = """
        datasources:
          callers:
            fields:
              pid: { annotations: { metrics.type: key } }
              calls: { annotations: { metrics.type: counter } }
              sent: { annotations: { metrics.type: gauge } }
          groups:
            fields:
              comm: { annotations: { metrics.type: key } }
              asked: { annotations: { metrics.type: counter } }

        """;

    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();

    public GadgetImageTests(Programs programs)
    {
        string source = File.ReadAllText(BeeModule.File("tests", "fixtures", "gadget.bpf.c"));
        byte[] program = File.ReadAllBytes(programs.Compile("gadget", source));
        byte[] tracer = File.ReadAllBytes(programs.Compile("tracer", $"#define WITHOUT_ITERATOR\n{source}"));
        string architecture = RuntimeInformation.OSArchitecture == Architecture.X64 ? "amd64" : $"{RuntimeInformation.OSArchitecture}".ToLowerInvariant();
        var layout = new ForeignLayout(Store);
        layout.AddGadget("ghcr.io/they/groups:latest", [(architecture, program)], Metadata);
        layout.AddGadget("ghcr.io/they/tracer:latest", [(architecture, tracer)], Metadata);
        layout.AddGadget("ghcr.io/they/metered:latest", [(architecture, tracer)], Metered);
        layout.AddGadget("ghcr.io/they/bare:latest", [(architecture, program)], metadata: null);
        layout.AddGadget("ghcr.io/they/odd:latest", [(architecture, program)], "datasources: [");
        layout.AddGadget("ghcr.io/they/broken:latest", [(architecture, "no object"u8.ToArray())], Metadata);
    }

    private string Store => _folder["store"];

    [Fact]
    public void Gadget_is_described_by_its_object_and_its_metadata()
    {
        string text = Text("[Bee.Cmdlets.Views.ViewText]::Parameters($_)", "groups");
        Assert.Matches(@"^pid +gadget_pid +=", text);
        Assert.Matches(@"only-failed +_Bool +=.*\n +Only calls that failed", text);
        Assert.Matches(@"ig_threads +iter/task", Text("[Bee.Cmdlets.Views.ViewText]::Programs($_)", "groups"));
        string maps = Text("[Bee.Cmdlets.Views.ViewText]::Maps($_)", "groups");
        Assert.Matches(@"events +RingBuffer +struct event", maps);
        Assert.Contains("asked: Whom they ask for", maps, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', maps);
    }

    [Theory]
    [InlineData("bare")]
    [InlineData("odd")]
    public void Gadget_without_metadata_is_described_by_its_object(string name)
    {
        Assert.Matches(@"targ_failed +_Bool", Text("[Bee.Cmdlets.Views.ViewText]::Parameters($_)", name));
    }

    [Fact]
    public void Gadget_without_an_object_is_an_error()
    {
        Assert.Equal("", Text("[Bee.Cmdlets.Views.ViewText]::Parameters($_)", "broken"));
        Assert.StartsWith("BadObject.", _shell.Error("Invoke-BeeProgram broken -Store $store -Pull Never", Variables()).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Source_is_built_with_the_gadget_yaml_beside_it()
    {
        File.Copy(BeeModule.File("tests", "fixtures", "gadget.bpf.c"), _folder.Write("source/gadget.bpf.c", ""), overwrite: true);
        string metadata = _folder.Write("source/gadget.yaml", Metadata);
        string text = $"{Assert.Single(_shell.Objects(
            "Invoke-BeeBuild $folder -Tag built:v1 -Store $store | ForEach-Object { $_.Title, $_.Description, $_.Url, $_.Documentation, $_.Source, [Bee.Cmdlets.Views.ViewText]::Parameters($_) -join '|' }",
            [.. Variables(), ("folder", _folder["source"])]))}";
        Assert.StartsWith("trace groups|who asks for process groups|https://example.org/|https://example.org/docs|https://example.org/groups|", text, StringComparison.Ordinal);
        Assert.Matches("only-failed +_Bool", text);

        File.WriteAllText(metadata, "datasources: [");
        Assert.StartsWith("BadManifest", _shell.Error("Invoke-BeeBuild $folder -Tag built:v2 -Store $store", [.. Variables(), ("folder", _folder["source"])]).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Gadget_streams_its_data_sources_and_accepts_its_parameter_keys()
    {
        IReadOnlyList<PSObject> all = Run("-Parameter @{ pid = $PID } -Duration 0.3");
        Assert.Equal(["events", "ig_threads", "spread", "totals"], all.Select(Source).Distinct().Order());
        PSObject seen = all.First(each => Source(each) == "events");
        Assert.Equal((Environment.ProcessId, 7u, "hi"), (Convert.ToInt32(seen.Properties["pid"].Value), seen.Properties["asked"].Value, seen.Properties["note"].Value));

        // -1 is a failing call; 7 is not.
        Assert.DoesNotContain(Run("-Parameter @{ pid = $PID; 'only-failed' = $true } -Duration 0.3"), each => Source(each) == "events");

        Assert.Equal(["events", "spread"], Run("-Parameter @{ pid = $PID } -Map groups, si* -Duration 0.3", "tracer").Select(Source).Distinct().Order());

        ErrorRecord error = _shell.Error("Invoke-BeeProgram groups -Store $store -Pull Never -Parameter @{ only = 1 }", Variables());
        Assert.Contains("pid (gadget_pid), only-failed (_Bool)", $"{error}", StringComparison.Ordinal);
    }

    [KernelFact]
    public void Gadget_table_follows_its_metadata()
    {
        Run("-Parameter @{ pid = $PID } -Map events -MaxEvents 1 -Duration 20 | Out-Default", "tracer");
        string[] lines = _shell.Screen.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string header = lines.First(line => line.Contains("asked", StringComparison.Ordinal));
        Assert.Matches(@"^comm +pid +.*asked +peer +note", header);
        Assert.All(new[] { "error", "server", "timestamp", "mntns" }, hidden => Assert.DoesNotContain(hidden, header, StringComparison.Ordinal));
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
    }

    [KernelFact]
    public void Fields_declared_as_metrics_are_served()
    {
        _shell.Run("Start-BeeProgram metered -Store $store -Pull Never -Parameter @{ pid = $PID }", Variables());
        try
        {
            // The fixture adds the argument (7) to "asked", and 2,048 bytes to "sent", for each getpgid call.
            GetProcessGroup(7);
            GetProcessGroup(7);
            // The events are counted when they are read.
            _shell.Run("Receive-BeeEvent metered -Wait -MaxEvents 2");
            PSObject[] metrics = [.. _shell.Objects("Get-BeeMetric bee_metered_*")];
            Assert.Equal((2.0, $"{{pid=\"{Environment.ProcessId}\"}}"), Metric(metrics, "calls", "counter"));
            Assert.Equal((4096.0, $"{{pid=\"{Environment.ProcessId}\"}}"), Metric(metrics, "sent", "gauge"));
            Assert.Equal(14.0, Metric(metrics, "asked", "counter").Value);
            Assert.Contains(metrics, metric => $"{metric.Properties["Type"].Value}" == "histogram");
        }
        finally
        {
            _shell.Run("Stop-BeeProgram metered");
        }
    }

    [Fact]
    public void Gadget_parameter_keys_are_completed()
    {
        const string Line = "Invoke-BeeProgram groups -Parameter ";
        PSObject[] offered = [.. _shell.Objects("$env:BEE_STORE = $store; (TabExpansion2 $line $line.Length).CompletionMatches; $env:BEE_STORE = $null", [.. Variables(), ("line", Line)])];
        Assert.Contains(offered, match => $"{match.Properties["CompletionText"].Value}" == "@{ 'only-failed' = $false }");
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }

    // Asks for a process group while the program runs, from this process, which the program observes.
    private IReadOnlyList<PSObject> Run(string arguments, string name = "groups")
    {
        using var ended = new ManualResetEventSlim();
        // Uses its own thread: other tests may block the thread pool, and so a timer, for longer than the run takes.
        var asking = new Thread(() =>
        {
            while (!ended.Wait(10))
            {
                GetProcessGroup(7);
            }
        });
        asking.Start();
        try
        {
            return _shell.Objects($"Invoke-BeeProgram {name} -Store $store -Pull Never {arguments}", Variables());
        }
        finally
        {
            ended.Set();
            asking.Join();
        }
    }

    private static (double Value, string Labels) Metric(PSObject[] metrics, string field, string type)
    {
        PSObject metric = Assert.Single(metrics, metric => $"{metric.Properties["Name"].Value}".Contains($"_{field}", StringComparison.Ordinal));
        Assert.Equal(type, $"{metric.Properties["Type"].Value}");
        return ((double)metric.Properties["Value"].Value, $"{metric.Properties["Labels"].Value}");
    }

    private string Text(string of, string name) =>
        $"{Assert.Single(_shell.Objects($"Get-BeeImage $name -Store $store | ForEach-Object {{ {of} }}", [.. Variables(), ("name", name)]))}".ReplaceLineEndings("\n");

    private static string Source(PSObject given) => $"{given.Properties["MapName"]?.Value ?? "ig_threads"}";

    private (string, object?)[] Variables() => [("store", Store)];

    [DllImport("libc", EntryPoint = "getpgid")]
    private static extern int GetProcessGroup(int pid);
}
