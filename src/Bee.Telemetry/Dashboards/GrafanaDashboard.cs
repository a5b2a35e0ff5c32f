using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bee.Ebpf.Records;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Dashboards;

/// <summary>Options of a dashboard.</summary>
/// <param name="Tool">The tool's name as the metrics have it.</param>
internal sealed record DashboardOptions(string Tool)
{
    /// <summary>The title; null for the tool's name.</summary>
    public string? Title { get; init; }

    /// <summary>The description; null for none.</summary>
    public string? Description { get; init; }

    /// <summary>The way to name metrics.</summary>
    public MetricNaming Naming { get; init; }
}

/// <summary>
/// Generates a Grafana dashboard (the classic JSON model, which all versions since 10 import) for the metrics of a tool. One row shows the sessions, and one each metric: rates of counters,
/// values of gauges, and a heat map and quantiles of histograms. The same metrics yield the same text.
/// </summary>
internal static class GrafanaDashboard
{
    // Grafana's limit.
    private const int LongestUid = 40;

    // The number of series that a reader can distinguish in a chart.
    private const int Most = 20;

    private const int Columns = 24;

    private static readonly JsonSerializerOptions s_format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Names of Grafana's own variables, and of labels that Prometheus adds to each target.
    private static readonly string[] s_taken = ["datasource", "instance", "session", "job", "tool"];

    // Names of containers to filter by, and those that tell series apart in a legend.
    private static readonly string[] s_places = [ExtraNames.Namespace, ExtraNames.Pod, ExtraNames.Container], s_legend = [ExtraNames.Container, ExtraNames.Pod];

    /// <summary>Generates a dashboard.</summary>
    /// <param name="metrics">The metrics of the tool.</param>
    /// <param name="options">The options.</param>
    /// <returns>The JSON text, with a newline at its end.</returns>
    public static string Make(ToolMetrics metrics, DashboardOptions options)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(options);
        var variables = Filters(metrics);
        var layout = new Layout();
        AddStatus(layout, metrics, options);
        foreach (var metric in metrics.Metrics)
        {
            AddMetric(layout, metric, variables);
        }

        var dashboard = new JsonObject
        {
            ["uid"] = Uid(options),
            ["title"] = options.Title ?? options.Tool,
            ["description"] = options.Description ?? "",
            ["tags"] = new JsonArray("bee", "ebpf", options.Tool),
            ["editable"] = true,
            ["graphTooltip"] = 1,
            ["schemaVersion"] = 39,
            ["version"] = 1,
            ["refresh"] = "30s",
            ["time"] = new JsonObject { ["from"] = "now-1h", ["to"] = "now" },
            ["timezone"] = "browser",
            ["timepicker"] = new JsonObject(),
            ["fiscalYearStartMonth"] = 0,
            ["annotations"] = new JsonObject { ["list"] = new JsonArray() },
            ["links"] = new JsonArray(),
            ["templating"] = new JsonObject { ["list"] = Variables(options, variables) },
            ["panels"] = layout.Panels,
        };
        return dashboard.ToJsonString(s_format).ReplaceLineEndings("\n") + "\n";
    }

    private static string Uid(DashboardOptions options)
    {
        var name = $"bee-{options.Tool}{(options.Naming == MetricNaming.BumbleBee ? "-bumblebee" : "")}";
        return name.Length <= LongestUid && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? name
            : $"bee-{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..32].ToLowerInvariant()}";
    }

    // The labels to filter by, each with the first metric that has it.
    private static List<(string Label, DescribedMetric Metric)> Filters(ToolMetrics metrics) =>
        [.. metrics.Metrics.SelectMany(metric => metric.FilterLabels.Concat(s_places.Intersect(metric.ContainerLabels)).Select(label => (Label: label, Metric: metric))).Where(filter => !s_taken.Contains(filter.Label)).DistinctBy(filter => filter.Label)];

    private static JsonArray Variables(DashboardOptions options, List<(string Label, DescribedMetric Metric)> filters)
    {
        var info = $"bee_session_info{{tool={Quoted(options.Tool)}";
        var list = new JsonArray
        {
            new JsonObject
            {
                ["name"] = "datasource",
                ["type"] = "datasource",
                ["label"] = "Data source",
                ["query"] = "prometheus",
                ["refresh"] = 1,
                ["hide"] = 0,
                ["multi"] = false,
                ["includeAll"] = false,
                ["options"] = new JsonArray(),
            },
            Query("instance", "Instance", $"label_values({info}}}, instance)", ".*"),
            // Has no value for "all", because other tools on the same server have sessions too.
            Query("session", "Session", $"label_values({info},instance=~\"$instance\"}}, session)", null),
        };
        foreach (var (label, metric) in filters)
        {
            list.Add((JsonNode)Query(label, label, $"label_values({Series(metric)}{{instance=~\"$instance\"}}, {label})", ".*"));
        }

        return list;
    }

    private static JsonObject Query(string name, string label, string query, string? all)
    {
        var variable = new JsonObject
        {
            ["name"] = name,
            ["type"] = "query",
            ["label"] = label,
            ["datasource"] = Source(),
            ["query"] = new JsonObject { ["query"] = query, ["refId"] = "PrometheusVariableQueryEditor-VariableQuery" },
            ["refresh"] = 2,
            ["sort"] = 1,
            ["hide"] = 0,
            ["multi"] = true,
            ["includeAll"] = true,
            ["current"] = new JsonObject { ["text"] = "All", ["value"] = "$__all" },
            ["options"] = new JsonArray(),
            ["regex"] = "",
            ["skipUrlSync"] = false,
        };
        if (all is not null)
        {
            variable["allValue"] = all;
        }

        return variable;
    }

    private static void AddStatus(Layout layout, ToolMetrics metrics, DashboardOptions options)
    {
        const string Selector = "{instance=~\"$instance\",session=~\"$session\"}";
        layout.AddRow($"Sessions of {options.Tool}");
        layout.Add("stat", "Sessions that run", "Whether the programs are attached and their events are read.", "short", [($"sum(bee_session_up{Selector})", "")], 4, 8);
        layout.Add("timeseries", "Events and entries read", "Events and entries that were read, by map.", "ops", [($"sum by (map) (rate(bee_session_events_total{Selector}[$__rate_interval]))", "{{map}}")], 10, 8);
        layout.Add("timeseries", "CPU time of the programs", "Time that the programs run on all CPUs, in parts of one CPU. Empty while the kernel does not count runs.", "percentunit",
            [($"sum by (program) (rate(bee_program_run_seconds_total{Selector}[$__rate_interval]))", "{{program}}")], 10, 8);
        (string, string)[] losses =
        [
            .. metrics.CountsLosses ? [($"sum by (map) (rate(bee_session_lost_events_total{Selector}[$__rate_interval]))", "lost in the kernel: {{map}}")] : Array.Empty<(string, string)>(),
            ($"sum(rate(bee_session_dropped_events_total{Selector}[$__rate_interval]))", "dropped before they were received"),
        ];
        if (metrics.HasEvents)
        {
            layout.Add("timeseries", "Events lost", "Events that a full buffer in the kernel or the full background buffer dropped before they were received.", "ops", losses, 12, 8);
        }

        (string, string)[] fill =
        [
            .. metrics.HasEntries ? [($"max by (map) (bee_session_map_entries{Selector} / bee_session_map_capacity{Selector})", "map {{map}}")] : Array.Empty<(string, string)>(),
            .. metrics.HasEvents ? [($"max by (map) (bee_session_buffer_fill_ratio{Selector})", "buffer {{map}}")] : Array.Empty<(string, string)>(),
        ];
        if (fill.Length > 0)
        {
            layout.Add("timeseries", "How full maps and buffers are", "Entries of each map in parts of its capacity, and the fullest that a buffer was found.", "percentunit", fill, 12, 8);
        }
    }

    private static void AddMetric(Layout layout, DescribedMetric metric, List<(string Label, DescribedMetric Metric)> variables)
    {
        var descriptor = metric.Descriptor;
        string[] own = [.. descriptor.LabelNames.Where(label => label != "session")];
        // A session that has the name of its tool has no label. "All" matches series without the label too, such as those of a host without containers.
        string[] filters = ["instance=~\"$instance\"", "session=~\"$session|\"", .. own.Concat(metric.ContainerLabels).Where(label => variables.Exists(one => one.Label == label)).Select(label => $"{label}=~\"${label}\"")];
        var selector = $"{{{string.Join(',', filters)}}}";
        own = own.Length == 0 ? own : [.. own, .. s_legend.Intersect(metric.ContainerLabels)];
        var by = string.Join(", ", own);
        var legend = own.Length == 0 ? descriptor.Name : string.Join(' ', own.Select(label => $"{{{{{label}}}}}"));
        var help = SampleNames.Help(descriptor);
        layout.AddRow(descriptor.Name);
        switch (descriptor.Type)
        {
            case MetricType.Histogram:
                var rate = $"rate({descriptor.Name}_bucket{selector}[$__rate_interval])";
                layout.AddHeatmap(descriptor.Name, help, GrafanaUnits.Of(metric), $"sum by (le) (increase({descriptor.Name}_bucket{selector}[$__rate_interval]))", 14);
                layout.Add("timeseries", $"{descriptor.Name}: quantiles", help, GrafanaUnits.Of(metric),
                    [.. new[] { ("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99") }.Select(quantile => ($"histogram_quantile({quantile.Item1}, sum by (le) ({rate}))", quantile.Item2))], 10, 8);
                break;
            case MetricType.Counter:
                layout.Add("timeseries", $"{descriptor.Name}: rate", help, GrafanaUnits.OfRate(metric),
                    [(own.Length == 0 ? $"sum(rate({Series(metric)}{selector}[$__rate_interval]))" : $"topk({Most}, sum by ({by}) (rate({Series(metric)}{selector}[$__rate_interval])))", legend)], Columns, 8);
                break;
            default:
                layout.Add("timeseries", descriptor.Name, help, GrafanaUnits.Of(metric), [(own.Length == 0 ? $"sum({Series(metric)}{selector})" : $"topk({Most}, sum by ({by}) ({Series(metric)}{selector}))", legend)], Columns, 8, beginsAtZero: false);
                break;
        }
    }

    // The name of the series in a query; for a histogram, of its buckets.
    private static string Series(DescribedMetric metric) => metric.Descriptor.Type == MetricType.Histogram ? metric.Descriptor.Name + "_bucket" : SampleNames.Sample(metric.Descriptor);

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static JsonObject Source() => new() { ["type"] = "prometheus", ["uid"] = "${datasource}" };

    /// <summary>Arranges panels from left to right, and in rows.</summary>
    private sealed class Layout
    {
        private int _x, _y, _next;

        public JsonArray Panels { get; } = [];

        public void AddRow(string title)
        {
            Break();
            Panels.Add((JsonNode)new JsonObject
            {
                ["id"] = Panels.Count + 1,
                ["type"] = "row",
                ["title"] = title,
                ["collapsed"] = false,
                ["gridPos"] = Place(Columns, 1),
                ["panels"] = new JsonArray(),
            });
            Break();
        }

        public void Add(string type, string title, string description, string unit, IReadOnlyList<(string Expression, string Legend)> queries, int width, int height, bool beginsAtZero = true)
        {
            var isStat = type == "stat";
            var panel = Panel(type, title, description, width, height, queries, "time_series");
            panel["fieldConfig"] = new JsonObject
            {
                ["defaults"] = new JsonObject
                {
                    ["unit"] = unit,
                    ["color"] = new JsonObject { ["mode"] = isStat ? "thresholds" : "palette-classic" },
                    ["custom"] = isStat ? new JsonObject() : new JsonObject
                    {
                        ["drawStyle"] = "line",
                        ["lineWidth"] = 1,
                        ["fillOpacity"] = 10,
                        ["showPoints"] = "never",
                        ["spanNulls"] = false,
                        ["stacking"] = new JsonObject { ["mode"] = "none", ["group"] = "A" },
                    },
                    ["thresholds"] = new JsonObject
                    {
                        ["mode"] = "absolute",
                        ["steps"] = isStat
                            ? new JsonArray(new JsonObject { ["color"] = "red", ["value"] = null }, new JsonObject { ["color"] = "green", ["value"] = 1 })
                            : new JsonArray(new JsonObject { ["color"] = "green", ["value"] = null }),
                    },
                },
                ["overrides"] = new JsonArray(),
            };
            if (beginsAtZero)
            {
                panel["fieldConfig"]!["defaults"]!["min"] = 0;
            }

            panel["options"] = isStat
                ? new JsonObject
                {
                    ["colorMode"] = "value",
                    ["graphMode"] = "none",
                    ["justifyMode"] = "auto",
                    ["orientation"] = "auto",
                    ["textMode"] = "auto",
                    ["wideLayout"] = true,
                    ["showPercentChange"] = false,
                    ["percentChangeColorMode"] = "standard",
                    ["reduceOptions"] = new JsonObject { ["calcs"] = new JsonArray("lastNotNull"), ["fields"] = "", ["values"] = false },
                }
                : new JsonObject
                {
                    ["legend"] = new JsonObject { ["displayMode"] = "list", ["placement"] = "bottom", ["showLegend"] = true, ["calcs"] = new JsonArray() },
                    ["tooltip"] = new JsonObject { ["mode"] = "multi", ["sort"] = "desc" },
                };
        }

        public void AddHeatmap(string title, string description, string unit, string query, int width)
        {
            var panel = Panel("heatmap", title, description, width, 8, [(query, "{{le}}")], "heatmap");
            panel["fieldConfig"] = new JsonObject { ["defaults"] = new JsonObject { ["custom"] = new JsonObject { ["scaleDistribution"] = new JsonObject { ["type"] = "linear" } } }, ["overrides"] = new JsonArray() };
            panel["options"] = new JsonObject
            {
                ["calculate"] = false,
                ["cellGap"] = 1,
                ["color"] = new JsonObject { ["mode"] = "scheme", ["scheme"] = "Oranges", ["fill"] = "dark-orange", ["scale"] = "exponential", ["exponent"] = 0.5, ["steps"] = 64, ["reverse"] = false },
                ["exemplars"] = new JsonObject { ["color"] = "rgba(255,0,255,0.7)" },
                ["filterValues"] = new JsonObject { ["le"] = 1e-9 },
                ["legend"] = new JsonObject { ["show"] = true },
                ["rowsFrame"] = new JsonObject { ["layout"] = "auto" },
                ["showValue"] = "never",
                ["tooltip"] = new JsonObject { ["mode"] = "single", ["yHistogram"] = true, ["showColorScale"] = true },
                ["yAxis"] = new JsonObject { ["axisPlacement"] = "left", ["reverse"] = false, ["unit"] = unit },
            };
        }

        private JsonObject Panel(string type, string title, string description, int width, int height, IReadOnlyList<(string Expression, string Legend)> queries, string format)
        {
            var panel = new JsonObject
            {
                ["id"] = Panels.Count + 1,
                ["type"] = type,
                ["title"] = title,
                ["description"] = description,
                ["datasource"] = Source(),
                ["gridPos"] = Place(width, height),
                ["targets"] = new JsonArray([.. queries.Select((query, i) => new JsonObject
                {
                    ["refId"] = ((char)('A' + i)).ToString(),
                    ["datasource"] = Source(),
                    ["expr"] = query.Expression,
                    ["legendFormat"] = query.Legend.Length > 0 ? query.Legend : "__auto",
                    ["format"] = format,
                    ["range"] = type != "stat",
                    ["instant"] = type == "stat",
                    ["editorMode"] = "code",
                })]),
            };
            Panels.Add((JsonNode)panel);
            return panel;
        }

        private JsonObject Place(int width, int height)
        {
            if (_x + width > Columns)
            {
                Break();
            }

            var place = new JsonObject { ["x"] = _x, ["y"] = _y, ["w"] = width, ["h"] = height };
            _x += width;
            _next = Math.Max(_next, _y + height);
            return place;
        }

        private void Break() => (_x, _y) = (0, _next);
    }
}
