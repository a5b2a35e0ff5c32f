using System.Diagnostics;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Serving;

namespace Bee.Toolchain.Tests;

/// <summary>A test that loads into the kernel and runs promtool; skipped, with the reason, if that is impossible.</summary>
internal sealed class PromtoolTheoryAttribute : TheoryAttribute
{
    public PromtoolTheoryAttribute() => Skip = Requirements.Kernel ?? (File.Exists(ExampleMetricsTests.Promtool) ? null : $"{ExampleMetricsTests.Promtool} is missing; Debian's package prometheus has it.");
}

/// <summary>The metrics of the examples. They are loaded but not attached; the test writes the entries.</summary>
public class ExampleMetricsTests
{
    internal const string Promtool = "/usr/bin/promtool";

    public static TheoryData<string> Names => ExampleTests.Names;

    [PromtoolTheory]
    [MemberData(nameof(Names))]
    public void Its_metrics_are_clean(string name)
    {
        using var session = ExampleSession.Load(name);
        if (session is null)
        {
            return;
        }

        var families = session.Collect(default);
        Assert.True(families.Count(family => family.Descriptor.Name.StartsWith($"bee_{name}_", StringComparison.Ordinal)) >= session.Filled);
        Assert.All(families, family => Assert.NotNull(family.Descriptor.Help));
        using var text = new ExpositionBuffer();
        MetricEncoder.Encode(families, ExpositionFormat.Text, text);
        Assert.Equal("", Check(text.Written.ToArray()));
    }

    [KernelFact]
    public async Task A_server_started_on_a_session_serves_the_metrics_of_its_maps()
    {
        using var example = ExampleSession.Load("syscount")!;
        using var server = MetricServer.Start(example.Session, new() { Listen = "127.0.0.1:0" });
        using var http = new HttpClient();

        Assert.Contains("\nbee_syscount_", await http.GetStringAsync(server.Uri), StringComparison.Ordinal);
    }

    private static string Check(byte[] text)
    {
        using var process = Process.Start(new ProcessStartInfo(Promtool, ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.StandardInput.BaseStream.Write(text);
        process.StandardInput.Close();
        var found = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return found;
    }
}
