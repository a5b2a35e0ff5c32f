using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json;
using Bee.Registries;

namespace Bee.Cmdlets.Tests;

/// <summary>Metrics and events that cmdlets send by OTLP to a receiver of the test.</summary>
[Collection("Bee")]
public sealed class OtlpTests : IDisposable
{
    private readonly ConcurrentQueue<(string Target, string? Token, JsonElement Body)> _received = new();
    private readonly HttpServer _server;
    private readonly Shell _shell = new();
    private readonly Load _load = new();
    private readonly Programs _programs;

    public OtlpTests(Programs programs)
    {
        _programs = programs;
        _server = new HttpServer(ReceiveAsync);
    }

    [KernelFact]
    public void Invoke_exports_the_last_values_and_shows_no_header()
    {
        _load.Repeat(": < /etc/hostname");
        ShellResult run = _shell.Run(
            "Invoke-BeeProgram $program -Parameter @{ target_pid = $id } -MaxEvents 3 -OtlpEndpoint $to -OtlpProtocol Json -OtlpHeader @{ Authorization = ConvertTo-SecureString 'Bearer sesame' -AsPlainText } -Verbose -Debug 4>&1 5>&1",
            ("program", _programs.Opensnoop), ("id", _load.Id), ("to", _server.Address.AbsoluteUri));

        Assert.Empty(run.Errors);
        Assert.Empty(run.Warnings);
        Assert.DoesNotContain(run.Output, one => $"{one}".Contains("sesame", StringComparison.Ordinal));
        (string target, string? token, JsonElement body) = Assert.Single(_received);
        Assert.Equal(("/v1/metrics", "Bearer sesame"), (target, token));
        Assert.Equal((3, 0), (Value(body, "bee_session_events_total"), Value(body, "bee_session_up")));
        // The tool's name is in bee_session_info. As a resource attribute it would change when another tool joins, and every series with it.
        Assert.DoesNotContain("bee.tool", body.GetRawText(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Export_of_a_background_session_ends_with_its_last_values()
    {
        _shell.Objects("$null = Start-BeeProgram $program -Name one -Parameter @{ target_pid = $id } -OtlpEndpoint $to -OtlpProtocol Json", ("program", _programs.Opensnoop), ("id", _load.Id), ("to", _server.Address.AbsoluteUri));
        _load.Do(": < /etc/hostname; : < /etc/hosts");
        Wait.Until(() => _shell.Objects("(Get-BeeProgram one).Events")[0].BaseObject is 2L);
        Assert.Empty(_shell.Run("Stop-BeeProgram one").Warnings);

        Assert.Equal((2, 0), (Value(_received.Last().Body, "bee_session_events_total"), Value(_received.Last().Body, "bee_session_up")));
    }

    [KernelFact]
    public void Unreachable_receiver_delays_no_event_and_is_a_warning_at_the_end()
    {
        _load.Repeat(": < /etc/hostname");
        ShellResult run = _shell.Run(
            "Invoke-BeeProgram $program -Parameter @{ target_pid = $id } -MaxEvents 3 -OtlpEndpoint http://127.0.0.1:1", ("program", _programs.Opensnoop), ("id", _load.Id));
        Assert.Equal(3, run.Output.Count);
        Assert.Contains("did not reach http://127.0.0.1:1/v1/metrics", Assert.Single(run.Warnings), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Events_are_sent_as_log_records()
    {
        _load.Repeat(": < /etc/hostname");
        ShellResult run = _shell.Run(
            // Without what the sleep in the loop opens.
            "Invoke-BeeProgram $program -Parameter @{ target_pid = $id } | Where-Object path -eq /etc/hostname | Select-Object -First 2 | Send-BeeEvent -OtlpEndpoint $to -OtlpProtocol Json",
            ("program", _programs.Opensnoop), ("id", _load.Id), ("to", _server.Address.AbsoluteUri));
        Assert.Empty(run.Errors);
        Assert.Empty(run.Warnings);
        (string target, _, JsonElement body) = Assert.Single(_received);
        Assert.Equal("/v1/logs", target);
        JsonElement records = body.GetProperty("resourceLogs")[0].GetProperty("scopeLogs")[0].GetProperty("logRecords");
        Assert.Equal(["1", "2"], records.EnumerateArray().Select(record => Attribute(record, "bee.sequence").GetProperty("intValue").GetString()));
        Assert.Equal(("opensnoop.print_opens", "/etc/hostname"), (records[0].GetProperty("eventName").GetString(), Attribute(records[0], "path").GetProperty("stringValue").GetString()));
    }

    [Theory]
    [InlineData("-OtlpEndpoint http://ada:sesame@127.0.0.1:1", "Otlp.InvalidEndpoint,")]
    [InlineData("-OtlpEndpoint ftp://sesame", "Otlp.InvalidEndpoint,")]
    [InlineData("-OtlpEndpoint http://127.0.0.1:1 -OtlpHeader @{ 'a b' = 'sesame' }", "Otlp.InvalidHeader,")]
    [InlineData("-OtlpEndpoint http://127.0.0.1:1 -OtlpHeader @{ a = @(1, 2) }", "Otlp.InvalidHeader,")]
    public void Invalid_option_ends_the_command_and_is_not_repeated(string arguments, string id)
    {
        foreach (string command in (string[])["Invoke-BeeProgram /nonexistent/tool.o", "$null | Send-BeeEvent"])
        {
            var error = _shell.Error($"try {{ {command} {arguments}; throw 'not terminating' }} catch {{ throw }}");
            Assert.StartsWith(id, error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.DoesNotContain("sesame", $"{error} {error.TargetObject} {error.Exception} {error.ErrorDetails}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Parameters_without_an_endpoint_are_warnings() =>
        Assert.Contains("-OtlpInterval has no effect", Assert.Single(_shell.Run("Invoke-BeeProgram /nonexistent/tool.o -OtlpInterval 1 -ErrorAction SilentlyContinue").Warnings), StringComparison.Ordinal);

    public void Dispose()
    {
        _shell.Dispose();
        _load.Dispose();
        _server.Dispose();
    }

    private async Task ReceiveAsync(HttpExchange exchange)
    {
        using var gzip = new GZipStream(new MemoryStream(await exchange.ReadBodyAsync()), CompressionMode.Decompress);
        _received.Enqueue((exchange.Target, exchange.Header("Authorization"), (await JsonDocument.ParseAsync(gzip)).RootElement));
        await exchange.SendAsync(new HttpAnswer(200));
    }

    private static double Value(JsonElement body, string name)
    {
        JsonElement metric = body.GetProperty("resourceMetrics")[0].GetProperty("scopeMetrics")[0].GetProperty("metrics").EnumerateArray().Single(metric => metric.GetProperty("name").GetString() == name);
        return (metric.TryGetProperty("sum", out JsonElement sum) ? sum : metric.GetProperty("gauge")).GetProperty("dataPoints")[0].GetProperty("asDouble").GetDouble();
    }

    private static JsonElement Attribute(JsonElement record, string name) =>
        record.GetProperty("attributes").EnumerateArray().Single(one => one.GetProperty("key").GetString() == name).GetProperty("value");
}
