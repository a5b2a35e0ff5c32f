using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Bee.Registries;

namespace Bee.Telemetry.Tests.Serving;

/// <summary>
/// Runs Prometheus, or a compatible server, on a free loopback port, with its data in a temporary folder. The process ends when this object is disposed, and
/// when the test process is killed.
/// </summary>
internal sealed partial class PrometheusProcess : IDisposable
{
    // The shell waits for the end of its input, which Dispose or the death of the test process causes.
    private const string Shell = "\"$@\" & read -r _; kill -9 $!; wait";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-prometheus-");
    private readonly StringBuilder _log = new();
    private readonly Process _process;
    private readonly HttpClient _client;

    /// <summary>Starts a server and waits until it answers.</summary>
    /// <param name="tool">The name of the server in <see cref="Tool"/>.</param>
    /// <param name="jobs">The entries of <c>scrape_configs</c>, as YAML.</param>
    /// <param name="arguments">Further arguments.</param>
    public PrometheusProcess(string tool, string jobs, params string[] arguments)
        : this(tool, jobs, folder => [$"--config.file={folder}/prometheus.yml", $"--storage.tsdb.path={folder}/data", "--web.listen-address=127.0.0.1:0", .. arguments])
    {
    }

    private PrometheusProcess(string tool, string jobs, Func<string, string[]> arguments)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "prometheus.yml"), $"global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n{jobs}");
        var listening = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("/bin/sh", ["-c", Shell, "sh", Tool.Find(tool)!, .. arguments(_folder.FullName)])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = _folder.FullName,
            },
        };
        _process.OutputDataReceived += (_, line) => Hear(line.Data, listening);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data, listening);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        if (!listening.Task.Wait(s_patience))
        {
            Dispose();
            throw new InvalidOperationException($"{tool} did not start: {_log}");
        }

        _client = new HttpClient { BaseAddress = new Uri($"http://{listening.Task.Result}/") };
    }

    /// <summary>Starts VictoriaMetrics, which scrapes and answers queries like Prometheus, and receives OTLP under Prometheus' names.</summary>
    /// <param name="jobs">The entries of <c>scrape_configs</c>, as YAML.</param>
    public static PrometheusProcess VictoriaMetrics(string jobs) => new(Tool.VictoriaMetrics, jobs, folder =>
    [
        $"-promscrape.config={folder}/prometheus.yml", $"-storageDataPath={folder}/data", "-httpListenAddr=127.0.0.1:0", "-search.latencyOffset=0s",
        "-opentelemetry.usePrometheusNaming", "-opentelemetry.promoteAllResourceAttributes=false", "-opentelemetry.promoteResourceAttributes=service.name", "-opentelemetry.promoteScopeMetadata=false",
    ]);

    /// <summary>The URL of the server.</summary>
    public Uri Address => _client.BaseAddress!;

    /// <summary>Returns the type of a metric in the metadata; null if it has none.</summary>
    public string? Type(string metric)
    {
        using var document = JsonDocument.Parse(_client.GetStringAsync("api/v1/metadata?metric=" + Uri.EscapeDataString(metric)).Result);
        return document.RootElement.GetProperty("data").TryGetProperty(metric, out var found) ? found[0].GetProperty("type").GetString() : null;
    }

    /// <summary>Repeats a query for an instant vector until it returns enough samples.</summary>
    /// <param name="query">The query in PromQL.</param>
    /// <param name="count">The minimum number of samples.</param>
    public IReadOnlyList<PrometheusSample> Query(string query, int count = 1)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            // The server answers 503 until it is ready.
            using var response = _client.GetAsync("api/v1/query?query=" + Uri.EscapeDataString(query)).Result;
            if (response.IsSuccessStatusCode)
            {
                using var document = JsonDocument.Parse(response.Content.ReadAsStringAsync().Result);
                PrometheusSample[] samples = [.. document.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(PrometheusSample.Read)];
                if (samples.Length >= count)
                {
                    return samples;
                }
            }

            if (Stopwatch.GetElapsedTime(start) > s_patience)
            {
                var targets = _client.GetStringAsync("api/v1/targets").Result;
                throw new TimeoutException($"{query} has fewer than {count} samples. Targets: {targets}. Log: {_log}");
            }

            Thread.Sleep(50);
        }
    }

    /// <summary>Stops the server and deletes its data.</summary>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
        _client?.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Hear(string? line, TaskCompletionSource<string> listening)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            _log.AppendLine(line);
        }

        if (Listening().Match(line) is { Success: true } match)
        {
            listening.TrySetResult(match.Groups[1].Value);
        }
    }

    [GeneratedRegex("""(?:msg="Listening on".* address=|started server at http://)(127\.0\.0\.1:\d+)""")]
    private static partial Regex Listening();
}

/// <summary>A sample of an instant vector.</summary>
/// <param name="Name">The name of its metric.</param>
/// <param name="Labels">Its labels, without name, job and instance.</param>
/// <param name="Value">Its value; NaN for a native histogram.</param>
/// <param name="Histogram">The native histogram as JSON; null for a number.</param>
internal sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value, JsonElement? Histogram)
{
    public static PrometheusSample Read(JsonElement element)
    {
        var labels = element.GetProperty("metric").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!);
        labels.Remove("__name__", out var name);
        labels.Remove("job");
        labels.Remove("instance");
        return element.TryGetProperty("histogram", out var histogram)
            ? new PrometheusSample(name ?? "", labels, double.NaN, histogram[1].Clone())
            : new PrometheusSample(name ?? "", labels, Number(element.GetProperty("value")[1].GetString()!), null);
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };
}
