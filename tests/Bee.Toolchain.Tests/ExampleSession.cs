using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Metrics;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Tests;

/// <summary>An example that is loaded but not attached, with the test's own entries in its maps, and its metrics.</summary>
internal sealed class ExampleSession : IMetricSource, IDisposable
{
    private readonly BpfSession _session;
    private readonly EventReader _reader;
    private readonly SessionMetrics _metrics;
    private readonly StatusMetrics _status;

    private ExampleSession(string name, BpfSession session, MetricNaming naming)
    {
        _session = session;
        _reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        var meter = new SessionMeter(session, _reader.Streams);
        var options = new SessionMetricsOptions { Tool = name, CountsRuns = true, Naming = naming };
        _metrics = new SessionMetrics(meter, options);
        _status = new StatusMetrics(meter, _metrics, options, () => new SessionStatus(name, name) { IsRunning = true, Dropped = 0 });
        foreach (var map in session.Maps.Where(map => map.Description is { IsEventStream: false, IsInternal: false, Role: MapRole.Counter or MapRole.Gauge or MapRole.Histogram }))
        {
            Fill(map);
            Filled++;
        }
    }

    /// <summary>The session.</summary>
    public BpfSession Session => _session;

    public bool IsReady => true;

    /// <summary>The number of maps with entries.</summary>
    public int Filled { get; }

    /// <summary>Returns the object of an example, with the metadata of its bee.yaml.</summary>
    public static ObjectFile Read(string name) =>
        ExampleTests.Compile(name).WithMetadata(Isolated.Create<IManifestReader>().Read(Path.Combine(Sources.Examples, name, ProgramManifest.FileName)).Metadata);

    /// <summary>Loads an example; null if this kernel does not load its programs.</summary>
    public static ExampleSession? Load(string name, MetricNaming naming = MetricNaming.Bee)
    {
        var file = Read(name);
        try
        {
            return new ExampleSession(name, BpfSession.Load(file, new BpfSessionOptions { Interfaces = ["lo"] }), naming);
        }
        catch (BpfLoadException refused) when (refused.Fault == LoadFault.Unsupported && file.Programs.All(program => program.Kind is "fentry" or "fexit"))
        {
            return null;
        }
    }

    public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken) => [.. _metrics.Collect(cancellationToken), .. _status.Collect(cancellationToken)];

    public void Dispose()
    {
        _reader.Dispose();
        _session.Dispose();
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
}
