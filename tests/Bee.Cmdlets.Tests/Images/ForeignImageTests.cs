using System.Management.Automation;
using System.Runtime.InteropServices;
using Bee.Foreign;
using Bee.Registries;

namespace Bee.Cmdlets.Tests;

/// <summary>Images in the formats of other tools, with a program of the tests.</summary>
[Collection("Bee")]
public sealed class ForeignImageTests : IDisposable
{
    private static readonly Dictionary<string, string> s_labels = new()
    {
        ["io.ebpf.programs"] = """{"entered":"tracepoint"}""",
        ["io.ebpf.maps"] = """{"print_seen":"ringbuf","counter_calls":"hash"}""",
    };

    private readonly TempFolder _folder = new();
    private readonly Shell _shell = new();
    private readonly Programs _programs;

    public ForeignImageTests(Programs programs)
    {
        _programs = programs;
        byte[] program = File.ReadAllBytes(programs.Calls);
        var layout = new ForeignLayout(Store);
        layout.AddGadget("ghcr.io/they/trace_calls:v0.1", [(Architecture, program), ("mips", "other"u8.ToArray())], wasm: [0, (byte)'a', (byte)'s', (byte)'m']);
        layout.AddBpfman("quay.io/they/calls:v1", ForeignLayout.Layer(("calls.bpf.o", program)), s_labels);
        layout.AddBpfman("quay.io/they/older:v1", ForeignLayout.Layer(("./calls.bpf.o", program)), new Dictionary<string, string>
        {
            ["io.ebpf.program_name"] = "entered",
            ["io.ebpf.program_type"] = "tracepoint",
            ["io.ebpf.filename"] = "calls.bpf.o",
        }, docker: true);
        layout.AddBpfman("quay.io/they/link:v1", ForeignLayout.Layer(("none", [])), s_labels);
    }

    private static string Architecture => RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.X64 ? "amd64" : $"{RuntimeInformation.OSArchitecture}".ToLowerInvariant();

    private string Store => _folder["store"];

    [KernelTheory]
    [InlineData("trace_calls:v0.1")]
    [InlineData("calls:v1")]
    [InlineData("older:v1")]
    public void Foreign_image_runs(string name)
    {
        using var load = new Load();
        load.Repeat(": < /etc/hostname");
        IReadOnlyList<PSObject> events = _shell.Objects(
            "Invoke-BeeProgram $name -Store $store -Pull Never -Map print_seen -Parameter @{ target_pid = $id } -MaxEvents 3 -Duration 20", Variables(name, load.Id));

        Assert.Equal(3, events.Count);
        Assert.All(events, seen => Assert.Equal(load.Id, Convert.ToInt32(seen.Properties["pid"].Value)));
    }

    [Fact]
    public void Foreign_image_is_described()
    {
        PSObject gadget = Assert.Single(_shell.Objects("Get-BeeImage trace_calls:v0.1 -Store $store", Variables()));
        Assert.Equal("InspektorGadget", $"{gadget.Properties["Format"].Value}");
        Assert.Equal("counts what a process calls", gadget.Properties["Description"].Value);
        Assert.Equal(ForeignLayout.Gadget, gadget.Properties["Metadata"].Value);

        Assert.Equal("Bpfman", $"{Details("$_.Format")}");
        Assert.Matches("entered +tracepoint", Details("[Bee.Cmdlets.Views.ViewText]::Programs($_)"));
        Assert.Matches("print_seen +ringbuf *\n", Details("[Bee.Cmdlets.Views.ViewText]::Maps($_)"));
        Assert.Contains("io.ebpf.maps = {", Details("[Bee.Cmdlets.Views.ViewText]::Labels($_)"), StringComparison.Ordinal);

        string Details(string of) => $"{Assert.Single(_shell.Objects($"Get-BeeImage calls:v1 -Store $store | ForEach-Object {{ {of} }}", Variables()))}";
    }

    [KernelFact]
    public void Foreign_image_is_checked()
    {
        foreach (string name in new[] { "trace_calls:v0.1", "calls:v1" })
        {
            IReadOnlyList<PSObject> results = _shell.Objects("Test-BeeImage $name -Store $store", Variables(name));
            Assert.DoesNotContain(results, result => $"{result.Properties["State"].Value}" == "Failed");
            Assert.Contains(results, result => $"{result.Properties["Name"].Value}" == "Digests");
        }
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(501, 0)]
    public void Parameters_above_the_limit_are_not_described(int count, int described)
    {
        string variables = string.Join('\n', Enumerable.Range(0, count).Select(i => $"const volatile int parameter_{i} = {i};"));
        byte[] program = File.ReadAllBytes(_programs.Compile($"many{count}", $"{variables}\n__attribute__((section(\"xdp\"), used)) int run(void *context) {{ return parameter_0; }}"));
        new ForeignLayout(Store).AddGadget("ghcr.io/they/many:v1", [(Architecture, program)]);
        Assert.Equal(described, Assert.Single(_shell.Objects("(Get-BeeImage many:v1 -Store $store).Parameters.Count", Variables())).BaseObject);
    }

    [Fact]
    public void Image_without_a_program_is_an_error()
    {
        ErrorRecord error = _shell.Error("Invoke-BeeProgram link:v1 -Store $store -Pull Never", Variables());
        Assert.Equal("Store.NoProgram,Bee.Cmdlets.Programs.InvokeProgramCommand", error.FullyQualifiedErrorId);
        Assert.Contains("no eBPF object", $"{error}", StringComparison.Ordinal);
    }

    [ToolFact(Tool.Registry, Tool.Skopeo)]
    public void Foreign_image_is_pulled_unchanged()
    {
        using var registry = DebianRegistry.Start();
        foreach (string name in new[] { "quay.io/they/calls:v1", "ghcr.io/they/trace_calls:v0.1" })
        {
            string remote = $"{registry.Host}/{name.Split('/', 2)[1]}";
            ToolRun run = Tool.Run(Tool.Skopeo, ["copy", "--all", "--dest-tls-verify=false", $"oci:{Store}:{name}", $"docker://{remote}"]);
            Assert.True(run.ExitCode == 0, run.Messages);
            PSObject there = Assert.Single(_shell.Objects("Get-BeeImage $name -Store $store", Variables(name)));
            PSObject here = Assert.Single(_shell.Objects("Save-BeeImage $name -Store $store", [.. Variables(remote), ("store", _folder["other"])]));
            Assert.All(new[] { "Digest", "Format", "Size", "Metadata" }, property => Assert.Equal(there.Properties[property].Value, here.Properties[property].Value));
        }
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
    }

    private (string, object?)[] Variables(string? name = null, int id = 0) => [("store", Store), ("name", name), ("id", id)];
}
