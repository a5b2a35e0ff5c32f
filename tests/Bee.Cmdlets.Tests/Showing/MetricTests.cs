using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;

namespace Bee.Cmdlets.Tests;

/// <summary>Metrics of loaded tools: entries that the test itself sets, and records of the test's own process.</summary>
[Collection("Bee")]
public sealed class MetricTests(Programs programs, MetricPrograms compiled) : IClassFixture<MetricPrograms>, IDisposable
{
    private readonly Shell _shell = new();
    private readonly Load _load = new();

    [KernelFact]
    public void Maps_of_every_kind_and_buffers_are_metrics_with_their_units()
    {
        Start();
        Objects("@{ Key = @{ pid = 7; comm = 'b\"c' }; Value = 10 }, @{ Key = @{ pid = 8; comm = 'x' }; Value = 32 } | Set-BeeMapEntry counter_sent_bytes");
        Objects("@{ Key = 1; Value = -5 } | Set-BeeMapEntry gauge_level");
        _load.Do(": < /etc/hostname; : < /etc/hosts");
        Wait.Until(() => Number("bee_metrics_seen_total") is 2);

        Assert.Equal(["pid=7,comm=b\"c:10", "pid=8,comm=x:32"], Series("bee_metrics_sent_bytes_total"));
        Assert.Equal(["key=1:-5"], Series("bee_metrics_level"));
        Assert.Equal(2, Number("bee_metrics_cpu_total"));
        Assert.Equal(2, Number("bee_metrics_wait_seconds"));
        Assert.Equal(["True"], Strings("(Get-BeeMetric bee_metrics_wait_seconds).Histogram.Sum -eq 0.000003"));
        Assert.Equal(["1.023E-06:1", "2.047E-06:1"], Strings("(Get-BeeMetric bee_metrics_wait_seconds).Histogram.Buckets | Where-Object Count | ForEach-Object { \"$($_.UpperBound):$($_.Count)\" }"));
    }

    [KernelFact]
    public void Deleted_key_keeps_its_series_and_a_new_one_starts_again()
    {
        Start();
        Objects("@{ Key = @{ pid = 7; comm = 'x' }; Value = 10 } | Set-BeeMapEntry counter_sent_bytes");
        Assert.Equal(["pid=7,comm=x:10"], Series("bee_metrics_sent_bytes_total"));
        Objects("Remove-BeeMapEntry counter_sent_bytes -Key @{ pid = 7; comm = 'x' } -Confirm:$false");
        Assert.Equal(["pid=7,comm=x:10"], Series("bee_metrics_sent_bytes_total"));
        var created = (DateTime)Objects("(Get-BeeMetric bee_metrics_sent_bytes_total).Created")[0].BaseObject;
        Objects("@{ Key = @{ pid = 7; comm = 'x' }; Value = 4 } | Set-BeeMapEntry counter_sent_bytes");

        Assert.Equal(["pid=7,comm=x:4"], Series("bee_metrics_sent_bytes_total"));
        Assert.True((DateTime)Objects("(Get-BeeMetric bee_metrics_sent_bytes_total).Created")[0].BaseObject > created);
    }

    [KernelFact]
    public void Sum_stays_the_same_above_the_series_limit_and_without_a_label()
    {
        Start();
        Objects("1..30 | ForEach-Object { @{ Key = @{ pid = $_; comm = \"c$($_ % 3)\" }; Value = $_ } } | Set-BeeMapEntry counter_sent_bytes");
        string all = Scrape("Start-BeeMetricServer 0 -SeriesLimit 10");
        string without = Scrape("Start-BeeMetricServer 0 -LeaveOut pid");

        Assert.Equal(11, Samples(all, "bee_metrics_sent_bytes_total").Count);
        Assert.Single(Samples(all, "bee_metrics_sent_bytes_total"), sample => sample.Contains("bee_overflow=\"true\"", StringComparison.Ordinal));
        Assert.Equal(465, Sum(Samples(all, "bee_metrics_sent_bytes_total")));
        Assert.Equal(3, Samples(without, "bee_metrics_sent_bytes_total").Count);
        Assert.Equal(465, Sum(Samples(without, "bee_metrics_sent_bytes_total")));
    }

    [KernelFact]
    public void Get_BeeMetric_returns_the_metrics_of_a_server_with_the_same_limits()
    {
        Start();
        Objects("1..30 | ForEach-Object { @{ Key = @{ pid = $_; comm = \"c$($_ % 3)\" }; Value = $_ } } | Set-BeeMapEntry counter_sent_bytes");

        Assert.Equal(["comm=c0:165", "comm=c1:145", "comm=c2:155"], Series("bee_metrics_sent_bytes_total -LeaveOut pid"));
        Assert.Equal(11, Series("bee_metrics_sent_bytes_total -SeriesLimit 10").Length);
        Assert.Equal(30, Series("bee_metrics_sent_bytes_total").Length);
    }

    [KernelFact]
    public void Unknown_label_in_LeaveOut_is_a_warning()
    {
        const string Warnings = "-WarningVariable said -WarningAction SilentlyContinue | Out-Null; $said | ForEach-Object Message";
        Assert.Empty(Strings($"Get-BeeMetric -LeaveOut nosuchlabel {Warnings}"));
        Start();

        Assert.Contains("'nosuchlabel'", Assert.Single(Strings($"Get-BeeMetric -LeaveOut PID, nosuchlabel {Warnings}")), StringComparison.Ordinal);
        Assert.Contains("'nosuchlabel'", Assert.Single(Strings($"Start-BeeMetricServer 0 -LeaveOut nosuchlabel, comm {Warnings}")), StringComparison.Ordinal);
        Objects("Get-BeeMetricServer | Stop-BeeMetricServer");
    }

    [KernelFact]
    public void Hostile_keys_keep_the_scrape_valid_and_complete()
    {
        Start();
        Objects("""
            @{ Key = @{ pid = 1; comm = "a`nb" }; Value = 1 }, @{ Key = @{ pid = 2; comm = '"\{}' }; Value = 2 }, @{ Key = @{ pid = 3; comm = '' }; Value = 3 } | Set-BeeMapEntry counter_sent_bytes
            """);
        // The program makes two keys that are not UTF-8 and equal up to their NUL.
        _load.Do(": < /etc/hostname");
        string text = Scrape("Start-BeeMetricServer 0");

        Assert.Equal(6, Sum(Samples(text, "bee_metrics_sent_bytes_total")));
        Assert.Equal(9, Sum(Samples(text, "bee_metrics_odd_total")));
        AssertClean(text);
        AssertClean(Scrape("Start-BeeMetricServer 0 -MetricNames BumbleBee"), lint: false);
    }

    [KernelFact]
    public void Counter_of_32_bits_continues_after_wrapping_around()
    {
        Start();
        Objects("@{ Key = 1; Value = 4294967290 } | Set-BeeMapEntry counter_small");
        Assert.Equal(4294967290, Number("bee_metrics_small_total"));
        Objects("@{ Key = 1; Value = 4 } | Set-BeeMapEntry counter_small");
        Assert.Equal(4294967300, Number("bee_metrics_small_total"));
    }

    [KernelFact]
    public void Bees_own_metrics_have_events_losses_and_maps()
    {
        Start("-BufferSize 1");
        _load.Do("for i in 1 2 3; do : < /etc/hostname; done");
        Wait.Until(() => Value("bee_session_events_total", "counter_seen") is 3);

        Assert.Equal(1, Number("bee_session_up"));
        Assert.Equal(0, Value("bee_session_lost_events_total", "counter_seen"));
        Assert.Equal(0, Value("bee_session_decode_errors_total", "counter_seen"));
        Assert.True(Number("bee_session_dropped_events_total") >= 2);
        Assert.Equal(64, Value("bee_session_map_capacity", "counter_sent_bytes"));
        Assert.Equal(0, Value("bee_session_map_entries", "counter_sent_bytes"));
        Assert.Equal(["unchecked"], Strings("(Get-BeeMetric bee_session_info).Labels.signature"));
        Assert.Single(Objects("Get-BeeMetric bee_build_info"));
    }

    [KernelFact]
    public void Second_session_of_a_tool_has_its_own_label()
    {
        Start();
        Objects("Start-BeeProgram $program -Name second");
        Objects("@{ Key = 1; Value = 4 } | Set-BeeMapEntry counter_small -Program metrics; @{ Key = 1; Value = 5 } | Set-BeeMapEntry counter_small -Program second");

        Assert.Equal(["key=1,session=second:5", "key=1:4"], Series("bee_metrics_small_total").Order());
        AssertClean(Scrape("Start-BeeMetricServer 0"));
    }

    [KernelFact]
    public void Completed_session_keeps_its_last_values()
    {
        Start("-Map counter_seen -MaxEvents 1");
        Objects("@{ Key = 1; Value = 4 } | Set-BeeMapEntry counter_small");
        _load.Do(": < /etc/hostname");
        Wait.Until(() => Strings("\"$((Get-BeeProgram metrics).State)\"") is ["Completed"]);

        Objects("Get-BeeMetric");
        Assert.Equal(0, Number("bee_session_up"));
    }

    [KernelFact]
    public void Port_in_use_ends_the_command_before_anything_is_loaded()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        foreach (string command in new[] { "Invoke-BeeProgram", "Start-BeeProgram" })
        {
            ErrorRecord error = _shell.Error($"try {{ {command} /nonexistent/tool.o -MetricListen {port}; throw 'not terminating' }} catch {{ throw }}");
            Assert.StartsWith("MetricServer.AddressTaken", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        }

        Assert.StartsWith("MetricServer.AddressTaken", _shell.Error($"try {{ Start-BeeMetricServer {port}; throw 'not terminating' }} catch {{ throw }}").FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("MetricServer.Unprotected", _shell.Error("try { Start-BeeMetricServer 0.0.0.0:0; throw 'not terminating' } catch { throw }").FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_token_file_ends_the_command_with_a_remedy()
    {
        ErrorRecord error = _shell.Error("try { Start-BeeMetricServer 0 -TokenFile /nonexistent/token; throw 'not terminating' } catch { throw }");

        Assert.StartsWith("MetricServer.InvalidToken", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("'/nonexistent/token'", $"{error}", StringComparison.Ordinal);
        Assert.Contains("-Token", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Invoke_serves_metrics_while_it_runs_and_frees_the_port_at_the_end()
    {
        int port = FreePort();
        using PowerShell pipeline = _shell.Pipeline(
            "Invoke-BeeProgram $program -Parameter @{ target_pid = $id } -MetricListen $port", ("program", compiled.Object(programs)), ("id", _load.Id), ("port", port));
        pipeline.BeginInvoke();
        Wait.Until(() => IsReady(port));
        _load.Do(": < /etc/hostname");
        Wait.Until(() => Samples(Get(port, "metrics"), "bee_metrics_seen_total") is [var one] && one.EndsWith(" 1", StringComparison.Ordinal));

        Assert.True(Task.Run(pipeline.Stop).Wait(Wait.Limit));
        var again = new TcpListener(IPAddress.Loopback, port);
        again.Start();
        again.Stop();
    }

    [KernelFact]
    public void Server_of_Start_BeeProgram_ends_with_its_session()
    {
        int port = FreePort();
        Objects("Start-BeeProgram $program -MetricListen $port", port);
        Assert.Equal(HttpStatusCode.OK, Status(port, "readyz"));
        Assert.Equal([$"{port}"], Strings("(Get-BeeMetricServer).Port"));

        Objects("Stop-BeeProgram metrics");
        Assert.Empty(Objects("Get-BeeMetricServer"));
        Assert.Throws<HttpRequestException>(() => Status(port, "readyz"));
    }

    [KernelFact]
    public void Server_ends_with_its_runspace()
    {
        int port = FreePort();
        using (var other = new Shell())
        {
            other.Objects("Start-BeeMetricServer $port", ("port", port));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, Status(port, "readyz"));
            Assert.Equal(HttpStatusCode.OK, Status(port, "healthz"));
        }

        Assert.Throws<HttpRequestException>(() => Status(port, "healthz"));
    }

    [KernelFact]
    public void Two_scrapers_at_once_see_the_same_sums_while_the_map_grows()
    {
        Start();
        Objects("1..20 | ForEach-Object { @{ Key = @{ pid = $_; comm = 'c' }; Value = 1 } } | Set-BeeMapEntry counter_sent_bytes");
        int port = int.Parse(Strings("(Start-BeeMetricServer 0).Port")[0], CultureInfo.InvariantCulture);
        var scrapers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            double last = 0;
            for (int i = 0; i < 20; i++)
            {
                double sum = Sum(Samples(Get(port, "metrics"), "bee_metrics_sent_bytes_total"));
                Assert.True(sum >= last);
                last = sum;
            }

            return last;
        })).ToArray();
        Objects("21..40 | ForEach-Object { @{ Key = @{ pid = $_; comm = 'c' }; Value = 1 } } | Set-BeeMapEntry counter_sent_bytes");

        Assert.True(Task.WhenAll(scrapers).Wait(Wait.Limit));
        Assert.Equal(40, Sum(Samples(Get(port, "metrics"), "bee_metrics_sent_bytes_total")));
    }

    [KernelFact]
    public void Labels_survive_json_csv_and_clixml()
    {
        Start();
        Objects("@{ Key = @{ pid = 7; comm = 'x' }; Value = 10 } | Set-BeeMapEntry counter_sent_bytes");

        Assert.Equal(["7 counter 10"], Strings("Get-BeeMetric bee_metrics_sent_bytes_total | ConvertTo-Json | ConvertFrom-Json | ForEach-Object { \"$($_.Labels.pid) $($_.Type) $($_.Value)\" }"));
        Assert.Equal(["{pid=\"7\",comm=\"x\"}"], Strings("Get-BeeMetric bee_metrics_sent_bytes_total | ConvertTo-Csv | ConvertFrom-Csv | ForEach-Object Labels"));
        Assert.Equal(["x"], Strings("$m = [System.Management.Automation.PSSerializer]::Serialize((Get-BeeMetric bee_metrics_sent_bytes_total)); [System.Management.Automation.PSSerializer]::Deserialize($m).Labels.comm"));
        Assert.All(_shell.Show("Get-BeeMetric; Get-BeeMetric | Format-List"), line => Assert.True(line.Length <= 80, line));
    }

    public void Dispose()
    {
        _shell.Dispose();
        _load.Dispose();
    }

    private void Start(string more = "") => Objects($"Start-BeeProgram $program -Parameter @{{ target_pid = $id }} {more}");

    private IReadOnlyList<PSObject> Objects(string script, int port = 0) => _shell.Objects(script, ("program", compiled.Object(programs)), ("id", _load.Id), ("port", port));

    private string[] Strings(string script) => [.. Objects(script).Select(item => $"{item}")];

    private string[] Series(string name) =>
        [.. Strings($"Get-BeeMetric {name} | ForEach-Object {{ $m = $_; \"$(($m.Labels.Keys | ForEach-Object {{ \"$_=$($m.Labels[$_])\" }}) -join ','):$($m.Value)\" }}").Order()];

    private double? Number(string name) => Objects($"Get-BeeMetric {name}") is [var one] ? ((double)one.Properties["Value"].Value) : null;

    private double? Value(string name, string map) => Objects($"Get-BeeMetric {name} | Where-Object {{ $_.Labels.map -eq '{map}' }}") is [var one] ? (double)one.Properties["Value"].Value : null;

    private string Scrape(string start)
    {
        string uri = Strings($"($global:server = {start}).Uri")[0];
        using var client = new HttpClient();
        string text = client.GetStringAsync(uri).GetAwaiter().GetResult();
        Objects("$global:server | Stop-BeeMetricServer");
        return text;
    }

    private static string Get(int port, string path)
    {
        using var client = new HttpClient();
        return client.GetStringAsync($"http://127.0.0.1:{port}/{path}").GetAwaiter().GetResult();
    }

    private static HttpStatusCode Status(int port, string path)
    {
        using var client = new HttpClient();
        using HttpResponseMessage answer = client.GetAsync($"http://127.0.0.1:{port}/{path}").GetAwaiter().GetResult();
        return answer.StatusCode;
    }

    private static bool IsReady(int port)
    {
        try
        {
            return Status(port, "readyz") == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        return port;
    }

    private static List<string> Samples(string text, string name) =>
        [.. text.Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal))];

    private static double Sum(IEnumerable<string> samples) => samples.Sum(sample => double.Parse(sample[(sample.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    private static void AssertClean(string text, bool lint = true)
    {
        if (!File.Exists("/usr/bin/promtool"))
        {
            return;
        }

        var start = new ProcessStartInfo("/usr/bin/promtool", ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        using Process check = Process.Start(start)!;
        check.StandardInput.Write(text);
        check.StandardInput.Close();
        string found = check.StandardError.ReadToEnd() + check.StandardOutput.ReadToEnd();
        check.WaitForExit();
        if (lint)
        {
            Assert.Equal("", found);
        }
        else
        {
            Assert.DoesNotContain("error while linting", found, StringComparison.Ordinal);
        }
    }
}

/// <summary>An object with metrics of every kind, compiled once.</summary>
public sealed class MetricPrograms
{
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, 1);

        struct sender { u32 pid; char comm[16]; };
        struct odd { char name[4]; };
        struct seen { char comm[16]; };
        struct wait { u64 took; };

        BEE_HASH(counter_sent_bytes, struct sender, u64, 64);
        BEE_HASH(counter_small, u32, u32, 64);
        BEE_HASH(counter_odd, struct odd, u64, 64);
        BEE_ARRAY(gauge_level, s64, 4);
        BEE_PERCPU_ARRAY(counter_cpu, u64, 1);
        BEE_RING(counter_seen, struct seen, 4096);
        BEE_RING(hist_wait_ns, struct wait, 4096);

        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(struct trace_event_raw_sys_enter *ctx)
        {
            u32 zero = 0;
            u64 *count, four = 4, five = 5;
            struct odd first = { .name = { 0xff, 0xfe, 0, 1 } }, second = { .name = { 0xff, 0xfe, 0, 2 } };
            struct seen *seen;
            struct wait *wait;

            if (!bee_targeted(target_pid))
                return 0;
            count = bpf_map_lookup_elem(&counter_cpu, &zero);
            if (!count)
                return 0;
            *count += 1;
            bpf_map_update_elem(&counter_odd, &first, &four, BPF_ANY);
            bpf_map_update_elem(&counter_odd, &second, &five, BPF_ANY);
            seen = bee_reserve(counter_seen, struct seen);
            if (!seen)
                return 0;
            bpf_get_current_comm(seen->comm, sizeof(seen->comm));
            bee_submit(seen);
            wait = bee_reserve(hist_wait_ns, struct wait);
            if (!wait)
                return 0;
            wait->took = 1000 * *count;
            bee_submit(wait);
            return 0;
        }
        """;

    private string? _object;

    public string Object(Programs programs) => _object ??= programs.Compile("metrics", Source);
}
