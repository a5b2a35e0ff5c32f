using System.Text.Json;
using System.Text.RegularExpressions;
using Bee.Registries;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Dashboards;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;
using Bee.Telemetry.Serving;
using Bee.Telemetry.Tests.Serving;

namespace Bee.Toolchain.Tests;

/// <summary>Dashboards of the examples.</summary>
public partial class ExampleDashboardTests
{
    private static readonly string s_sources = Path.Combine(AppContext.BaseDirectory, "npm");
    private static readonly Npm s_npm = new("pictures", s_sources);

    public static TheoryData<string> Names => ExampleTests.Names;

    private static IEnumerable<string> Examples => Directory.GetDirectories(Sources.Examples).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);

    [KernelTheory]
    [MemberData(nameof(Names))]
    public void It_asks_for_what_the_tool_serves(string name)
    {
        using var session = ExampleSession.Load(name);
        if (session is null)
        {
            return;
        }

        using var text = new ExpositionBuffer();
        MetricEncoder.Encode(session.Collect(default), ExpositionFormat.Text, text);
        var served = System.Text.Encoding.UTF8.GetString(text.Written.Span).Split('\n').Where(line => !line.StartsWith('#')).Select(line => line.Split('{', ' ')[0]).ToHashSet();
        var metrics = ToolMetrics.Of(ExampleSession.Read(name), new SessionMetricsOptions { Tool = name });
        using var board = JsonDocument.Parse(Make(name, MetricNaming.Bee));

        Assert.All(Queries(board), query => Assert.Subset(served, MetricName().Matches(query).Select(match => match.Value).ToHashSet()));
        Assert.Equal($"bee-{name}", board.RootElement.GetProperty("uid").GetString());
        Assert.All(metrics.Metrics, metric => Assert.Contains(metric.Descriptor.Help!, Panels(board).Select(panel => panel.TryGetProperty("description", out var text) ? text.GetString() : null)));
        AssertPlaced(board);
    }

    [GrafanaFact]
    public void Grafanas_types_take_all_of_them_and_no_wrong_one()
    {
        var folder = Directory.CreateTempSubdirectory("bee-dashboards-");
        try
        {
            // The compiler searches packages next to the file.
            Directory.CreateSymbolicLink(Path.Combine(folder.FullName, "node_modules"), s_npm.Modules);
            var files = new List<string>();
            foreach (var name in Examples)
            {
                foreach (var naming in Enum.GetValues<MetricNaming>())
                {
                    files.Add(Path.Combine(folder.FullName, $"{name}-{naming}.json"));
                    File.WriteAllText(files[^1], Make(name, naming));
                }
            }

            Assert.Equal("", Compile(folder.FullName, files));

            // The type check detects errors.
            foreach (var (right, wrong) in new[] { ("\"refresh\": \"30s\"", "\"refresh\": 30"), ("\"mode\": \"absolute\"", "\"mode\": \"absolutely\""), ("\"calculate\": false", "\"calculates\": false") })
            {
                var broken = Make("runqlat", MetricNaming.Bee).Replace(right, wrong, StringComparison.Ordinal);
                File.WriteAllText(files[0], broken);
                Assert.Contains("error TS", Compile(folder.FullName, files[..1]), StringComparison.Ordinal);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [DashboardFact]
    public void Prometheus_answers_each_query_of_each_of_them()
    {
        var sessions = Enum.GetValues<MetricNaming>().ToDictionary(
            naming => naming, naming => Examples.Select(name => (Name: name, Session: ExampleSession.Load(name, naming))).Where(one => one.Session is not null).ToList());
        try
        {
            foreach (var (naming, loaded) in sessions)
            {
                using var server = MetricServer.Start(new MetricServerOptions { Listen = "127.0.0.1:0", Sources = () => loaded.ConvertAll(one => (IMetricSource)one.Session!) });
                using var prometheus = new PrometheusProcess(Tool.Prometheus, $"  - job_name: bee\n    static_configs: [{{ targets: ['{server.Uri.Authority}'] }}]\n");
                foreach (var (name, _) in loaded)
                {
                    using var board = JsonDocument.Parse(Make(name, naming));
                    Assert.All(Queries(board), query => Assert.NotEmpty(prometheus.Query(Filled(query, name, board))));
                }
            }
        }
        finally
        {
            foreach (var (_, session) in sessions.Values.SelectMany(loaded => loaded))
            {
                session!.Dispose();
            }
        }
    }

    private static string Make(string name, MetricNaming naming) =>
        GrafanaDashboard.Make(ToolMetrics.Of(ExampleSession.Read(name), new SessionMetricsOptions { Tool = name, Naming = naming }), new DashboardOptions(name) { Naming = naming });

    private static string Compile(string folder, IEnumerable<string> boards)
    {
        var source = Path.Combine(folder, "boards.ts");
        _ = Npm.Run([Path.Combine(s_sources, "dashboard.mjs"), source, .. boards]).Success;
        return Npm.Run(Path.Combine(s_npm.Modules, "typescript/bin/tsc"), "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", source).Output;
    }

    private static IEnumerable<JsonElement> Panels(JsonDocument board) => board.RootElement.GetProperty("panels").EnumerateArray();

    // The queries of panels and of variables; Grafana sends both to Prometheus.
    private static IEnumerable<string> Queries(JsonDocument board)
    {
        foreach (var target in Panels(board).Where(panel => panel.TryGetProperty("targets", out _)).SelectMany(panel => panel.GetProperty("targets").EnumerateArray()))
        {
            yield return target.GetProperty("expr").GetString()!;
        }

        foreach (var variable in Variables(board))
        {
            var match = LabelValues().Match(variable.GetProperty("query").GetProperty("query").GetString()!);
            yield return $"count by ({match.Groups[2].Value}) ({match.Groups[1].Value})";
        }
    }

    private static IEnumerable<JsonElement> Variables(JsonDocument board) =>
        board.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray().Where(variable => variable.GetProperty("type").GetString() == "query");

    // As Grafana replaces variables with the value All.
    private static string Filled(string query, string name, JsonDocument board)
    {
        query = query.Replace("$__rate_interval", "20s", StringComparison.Ordinal);
        foreach (var variable in Variables(board))
        {
            var value = variable.TryGetProperty("allValue", out var all) ? all.GetString()! : $"({name})";
            query = Regex.Replace(query, $@"\${variable.GetProperty("name").GetString()}\b", value.Replace("$", "$$", StringComparison.Ordinal));
        }

        Assert.DoesNotContain('$', query);
        return query;
    }

    private static void AssertPlaced(JsonDocument board)
    {
        var taken = new HashSet<(int, int)>();
        var ids = new HashSet<int>();
        foreach (var panel in Panels(board))
        {
            Assert.True(ids.Add(panel.GetProperty("id").GetInt32()));
            var place = panel.GetProperty("gridPos");
            int At(string side) => place.GetProperty(side).GetInt32();
            Assert.InRange(At("x") + At("w"), 1, 24);
            for (var x = At("x"); x < At("x") + At("w"); x++)
            {
                for (var y = At("y"); y < At("y") + At("h"); y++)
                {
                    Assert.True(taken.Add((x, y)));
                }
            }
        }
    }

    // Names precede their selectors.
    [GeneratedRegex(@"[a-zA-Z_:][a-zA-Z0-9_:]*(?=\{)")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"^label_values\((.*), (\w+)\)$")]
    private static partial Regex LabelValues();

    private sealed class GrafanaFactAttribute : FactAttribute
    {
        public GrafanaFactAttribute() => Skip = FullRun.IsOn ? s_npm.Obstacle : "it takes long: ./build.sh test -Full";
    }

    private sealed class DashboardFactAttribute : FactAttribute
    {
        public DashboardFactAttribute() => Skip = FullRun.IsOn ? Requirements.Kernel ?? Tool.Obstacle(Tool.Prometheus) : "it takes long: ./build.sh test -Full";
    }
}
