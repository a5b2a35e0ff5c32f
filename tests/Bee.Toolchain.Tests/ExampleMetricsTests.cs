using System.Diagnostics;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Exposition;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Tests;

/// <summary>A test that loads into the kernel and asks promtool: skipped, with the reason, where that cannot be.</summary>
internal sealed class PromtoolTheoryAttribute : TheoryAttribute
{
    public PromtoolTheoryAttribute() => Skip = Requirements.Kernel ?? (File.Exists(ExampleMetricsTests.Promtool) ? null : $"{ExampleMetricsTests.Promtool} is missing; Debian's package prometheus has it.");
}

/// <summary>What the examples give to Prometheus. They are loaded and not attached, so nothing is watched; entries are the test's own.</summary>
public class ExampleMetricsTests
{
    internal const string Promtool = "/usr/bin/promtool";

    public static TheoryData<string> Names => ExampleTests.Names;

    [PromtoolTheory]
    [MemberData(nameof(Names))]
    public void Its_metrics_are_clean(string name)
    {
        var manifest = Isolated.Create<IManifestReader>().Read(Path.Combine(Sources.Examples, name, ProgramManifest.FileName));
        var file = ExampleTests.Compile(name).WithMetadata(manifest.Metadata);
        BpfSession session;
        try
        {
            session = BpfSession.Load(file, new BpfSessionOptions { Interfaces = ["lo"] });
        }
        catch (BpfLoadException refused) when (refused.Fault == LoadFault.Unsupported && file.Programs.All(program => program.Kind is "fentry" or "fexit"))
        {
            return;
        }

        using (session)
        {
            using var reader = session.OpenReader(new EventReaderOptions());
            var meter = new SessionMeter(session, reader.Streams);
            var options = new SessionMetricsOptions { Tool = name };
            var metrics = new SessionMetrics(meter, options);
            var status = new StatusMetrics(meter, metrics, options, () => new SessionStatus(name, name) { IsRunning = true, Dropped = 0 });
            var measured = session.Maps.Where(map => map.Description is { IsEventStream: false, IsInternal: false, Role: MapRole.Counter or MapRole.Gauge or MapRole.Histogram }).ToList();
            foreach (var map in measured)
            {
                Fill(map);
            }

            var families = metrics.Collect(default).Concat(status.Collect(default)).ToList();
            Assert.True(families.Count(family => family.Descriptor.Name.StartsWith($"bee_{name}_", StringComparison.Ordinal)) >= measured.Count);
            Assert.All(families, family => Assert.NotNull(family.Descriptor.Help));
            using var text = new ExpositionBuffer();
            MetricEncoder.Encode(families, ExpositionFormat.Text, text);
            Assert.Equal("", Check(text.Written.ToArray()));
        }
    }

    private static void Fill(BpfMap map)
    {
        var random = new Random(1);
        var writer = new MapWriter(map);
        var value = new byte[map.Description.ValueSize];
        value[0] = 1;
        for (var i = 0; i < 3; i++)
        {
            var key = new byte[map.Description.KeySize];
            random.NextBytes(key);
            writer.Write(new EncodedEntry(key, value));
        }
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
