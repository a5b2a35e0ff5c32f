using System.Globalization;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Dashboards;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Toolchain.Tests;

/// <summary>Labels with the names of containers on metrics of entries, histograms and counted events.</summary>
public sealed class ContainerMetricTests
{
    private const ulong Web = 7, Database = 8, Host = 1;

    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        struct call_key { cgroup_id cgroup; u32 pid; };
        struct tenant { cgroup_id cgroup; u32 Pod; };
        struct call { cgroup_id cgroup; u32 pid; u32 kind; };
        BEE_HASH(counter_calls, struct call_key, u64, 64);
        BEE_HASH(gauge_tenants, struct tenant, u64, 64);
        BEE_HASH(counter_kinds, u32, u64, 64);
        BEE_RING(counter_opens, struct call, 4096);
        BEE_RING(hist_kinds, struct call, 4096);
        SEC("tracepoint/syscalls/sys_enter_getpgid") int on(void *ctx) { return 0; }
        """;

    private static readonly Lazy<ObjectFile> s_file = new(() => Sources.Compile(Source));

    private readonly Directory _directory = new();

    [KernelFact]
    public void Two_keys_of_a_container_are_two_series_with_its_names_and_the_host_has_none()
    {
        using var session = Session.Load(_directory);
        session.Count(Web, 1, 5);
        session.Count(Web, 2, 6);
        session.Count(Host, 3, 7);

        Assert.Equal(
            [
                """bee_t_calls_total{cgroup="1",pid="3"} 7""",
                """bee_t_calls_total{cgroup="7",pid="1",container="web",image="web:1",pod="web-1",namespace="shop",node="n1"} 5""",
                """bee_t_calls_total{cgroup="7",pid="2",container="web",image="web:1",pod="web-1",namespace="shop",node="n1"} 6""",
            ],
            Lines(session.Metrics(), "bee_t_calls_total"));
    }

    [KernelFact]
    public void A_series_keeps_the_names_of_a_container_that_has_ended()
    {
        using var session = Session.Load(_directory);
        session.Count(Web, 1, 5);
        var metrics = session.Metrics();
        metrics.Collect(default);
        _directory.Known.Clear();
        session.Count(Web, 1, 9);

        Assert.Contains(""",container="web",image="web:1",""", Assert.Single(Lines(metrics, "bee_t_calls_total")), StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_label_that_the_tool_has_already_wins()
    {
        using var session = Session.Load(_directory);
        session.Set("gauge_tenants", new Dictionary<string, object?> { ["cgroup"] = Web, ["Pod"] = 4u }, 1);

        Assert.Equal(
            ["""bee_t_tenants{cgroup="7",pod="4",container="web",image="web:1",namespace="shop",node="n1"} 1"""],
            Lines(session.Metrics(), "bee_t_tenants"));
    }

    [KernelFact]
    public void Keys_are_added_up_for_each_container_if_their_labels_are_left_out()
    {
        using var session = Session.Load(_directory);
        session.Count(Web, 1, 5);
        session.Count(Web, 2, 6);
        session.Count(Database, 3, 1);

        Assert.Equal(
            ["""bee_t_calls_total{container="db"} 1""", """bee_t_calls_total{container="web"} 11"""],
            Lines(session.Metrics("pid", "cgroup", "image", "POD", "namespace", "node"), "bee_t_calls_total"));
        Assert.True(session.Meter.HasLabel("Container"));
    }

    [KernelFact]
    public void Keys_that_do_not_say_where_have_no_labels_of_containers()
    {
        using var session = Session.Load(_directory);
        session.Set("counter_kinds", 3u, 2);

        Assert.Equal(["""bee_t_kinds_total{key="3"} 2"""], Lines(session.Metrics(), "bee_t_kinds_total"));
    }

    [KernelFact]
    public void A_session_without_names_has_no_labels_of_containers()
    {
        using var session = Session.Load(null);
        session.Count(Web, 1, 5);

        Assert.Equal(["""bee_t_calls_total{cgroup="7",pid="1"} 5"""], Lines(session.Metrics(), "bee_t_calls_total"));
        Assert.False(session.Meter.HasLabel("container"));
    }

    [KernelFact]
    public void A_limit_to_containers_applies_to_entries()
    {
        using var session = Session.Load(_directory, names => names?.Container == "db");
        session.Count(Web, 1, 5);
        session.Count(Database, 3, 1);
        session.Set("counter_kinds", 3u, 2);

        Assert.Contains("container=\"db\"", Assert.Single(Lines(session.Metrics(), "bee_t_calls_total")), StringComparison.Ordinal);
        Assert.Empty(Lines(session.Metrics(), "bee_t_kinds_total"));
    }

    [Fact]
    public void Dashboard_filters_by_container_where_the_tool_says_it()
    {
        var metrics = ToolMetrics.Of(s_file.Value, new SessionMetricsOptions { Tool = "t" });
        var board = GrafanaDashboard.Make(metrics, new DashboardOptions("t"));

        Assert.Contains("label_values(bee_t_calls_total{instance=~\\\"$instance\\\"}, container)", board, StringComparison.Ordinal);
        Assert.Contains("namespace=~\\\"$namespace\\\"", board, StringComparison.Ordinal);
        Assert.Contains("sum by (cgroup, pid, container, pod) (rate(bee_t_calls_total{", board, StringComparison.Ordinal);
        Assert.Contains("sum by (key) (rate(bee_t_kinds_total{instance=~\\\"$instance\\\",session=~\\\"$session|\\\"}", board, StringComparison.Ordinal);
    }

    [Fact]
    public void Counted_events_have_the_names_that_the_runtime_answers_after_the_first_one()
    {
        var events = new Counted("counter_opens", _directory);
        _directory.Known[Web] = new ContainerNames { Id = "0123456789abcdef", Container = "0123456789ab" };
        events.Observe(Web, 1, 0);
        _directory.Known[Web] = new ContainerNames { Id = "0123456789abcdef", Container = "web" };
        events.Observe(Web, 1, 0);
        events.Observe(Host, 1, 0);
        var first = events.Lines();
        _directory.Known.Clear();
        events.Observe(Web, 1, 0);

        Assert.Equal(["""bee_t_opens_total{cgroup="1",pid="1",kind="0"} 1""", """bee_t_opens_total{cgroup="7",pid="1",kind="0",container="web"} 2"""], first);
        Assert.Equal("""bee_t_opens_total{cgroup="7",pid="1",kind="0",container="web"} 3""", events.Lines()[1]);
    }

    [Fact]
    public void Events_are_counted_for_each_container_if_no_label_says_where()
    {
        var events = new Counted("counter_opens", _directory, "kind");
        foreach (var cgroup in new[] { Web, Host, Web, Database, Web })
        {
            events.Observe(cgroup, (uint)cgroup, 3);
        }

        _directory.Known.Clear();

        Assert.Equal(
            [
                """bee_t_opens_total{kind="3",container="db",image="db:1",pod="db-1",namespace="shop",node="n1"} 1""",
                """bee_t_opens_total{kind="3",container="web",image="web:1",pod="web-1",namespace="shop",node="n1"} 3""",
                """bee_t_opens_total{kind="3"} 1""",
            ],
            events.Lines());
    }

    [Fact]
    public void Events_of_a_users_container_with_the_id_of_roots_are_not_counted_for_root()
    {
        var events = new Counted("counter_opens", _directory, "kind");
        _directory.Known[Database] = new ContainerNames { Id = _directory.Known[Web].Id, UserId = 1000, Container = "users" };
        events.Observe(Web, 1, 3);
        events.Observe(Database, 1, 3);
        events.Observe(Database, 1, 3);

        Assert.Equal(
            [
                """bee_t_opens_total{kind="3",container="users"} 2""",
                """bee_t_opens_total{kind="3",container="web",image="web:1",pod="web-1",namespace="shop",node="n1"} 1""",
            ],
            events.Lines());
    }

    [Fact]
    public void Histograms_of_events_are_split_by_container()
    {
        var events = new Counted("hist_kinds", _directory, "cgroup");
        events.Observe(Web, 1, 3);
        events.Observe(Database, 1, 3);
        events.Observe(Database, 2, 4);

        Assert.Equal(
            [
                """bee_t_kinds_count{cgroup="7",container="web",image="web:1",pod="web-1",namespace="shop",node="n1"} 1""",
                """bee_t_kinds_count{cgroup="8",container="db",image="db:1",pod="db-1",namespace="shop",node="n1"} 2""",
            ],
            events.Lines("bee_t_kinds_count"));
    }

    [Fact]
    public void Containers_beyond_the_limit_of_combinations_are_counted_together()
    {
        const int More = 5;
        var events = new Counted("counter_opens", _directory, "kind");
        for (var i = 0ul; i < RecordTally.Most + More; i++)
        {
            _directory.Known[i] = new ContainerNames { Id = i.ToString(CultureInfo.InvariantCulture), Container = $"c{i}" };
            events.Observe(i, 1, 0);
        }

        Assert.Equal([$$"""bee_t_opens_total{bee_overflow="true"} {{RecordTally.Most + More - SessionMetricsOptions.DefaultSeriesLimit}}"""], events.Lines().Where(line => line.Contains("bee_overflow", StringComparison.Ordinal)));
    }

    private static string[] Lines(IMetricSource metrics, string name) => Lines(metrics.Collect(default), name);

    private static string[] Lines(IReadOnlyList<MetricFamily> families, string name)
    {
        using var text = new ExpositionBuffer();
        MetricEncoder.Encode(families, ExpositionFormat.Text, text);
        return [.. System.Text.Encoding.UTF8.GetString(text.Written.Span).Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Knows two containers by the ids of their cgroups.</summary>
    private sealed class Directory : IContainerResolver
    {
        public Dictionary<ulong, ContainerNames> Known { get; } = new() { [Web] = Names("web"), [Database] = Names("db") };

        public ContainerNames? Find(in ContainerKey key) => Known.GetValueOrDefault(key.CgroupId);

        private static ContainerNames Names(string name) => new() { Id = name + "-id", Container = name, Image = name + ":1", Pod = name + "-1", Namespace = "shop", Node = "n1" };
    }

    /// <summary>The tool, loaded and not attached.</summary>
    private sealed class Session : IDisposable
    {
        private readonly BpfSession _session;
        private readonly EventReader _reader;

        private Session(IContainerResolver? containers, Func<ContainerNames?, bool>? filter)
        {
            _session = BpfSession.Load(s_file.Value, new BpfSessionOptions());
            _reader = _session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole, Containers = containers, ContainerFilter = filter });
            Meter = new SessionMeter(_session, _reader.Streams);
        }

        public SessionMeter Meter { get; }

        public static Session Load(IContainerResolver? containers, Func<ContainerNames?, bool>? filter = null) => new(containers, filter);

        public SessionMetrics Metrics(params string[] leaveOut) => new(Meter, new SessionMetricsOptions { Tool = "t", LeaveOut = leaveOut });

        public void Count(ulong cgroup, uint pid, ulong count) => Set("counter_calls", new Dictionary<string, object?> { ["cgroup"] = cgroup, ["pid"] = pid }, count);

        public void Set(string map, object key, ulong value)
        {
            var writer = new MapWriter(_session.Maps.Single(one => one.Name == map));
            writer.Write(writer.Encode(key, value));
        }

        public void Dispose()
        {
            _reader.Dispose();
            _session.Dispose();
        }
    }

    /// <summary>The counts of a ring buffer's records, whose bytes the test writes.</summary>
    private sealed class Counted
    {
        private readonly RecordTally _tally;
        private readonly MapMetrics _metrics;

        public Counted(string map, IContainerResolver containers, params string[] labels)
        {
            var described = s_file.Value.Maps.Single(one => one.Name == map);
            var plan = MapPlan.AllOf(labels.Length == 0 ? described : described.WithMetadata(new MapMetadata { Labels = labels })).Single();
            _tally = new RecordTally(plan, null, containers);
            _metrics = new MapMetrics(plan, null, _tally, new SessionMetricsOptions { Tool = "t" });
        }

        public void Observe(ulong cgroup, uint pid, uint kind) => _tally.Observe([.. BitConverter.GetBytes(cgroup), .. BitConverter.GetBytes(pid), .. BitConverter.GetBytes(kind)]);

        public string[] Lines(string name = "bee_t_opens_total")
        {
            _metrics.Refresh(DateTime.UtcNow, default);
            var families = new List<MetricFamily>();
            _metrics.AddTo(families);
            return ContainerMetricTests.Lines(families, name);
        }
    }
}
