using System.Collections.Concurrent;
using System.Management.Automation;
using System.Net;
using System.Text;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>Searches everything that a session writes, with all streams on, for secrets.</summary>
[Collection("Alone")]
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class SecretTests : IDisposable
{
    private const string Password = "s3cret\"pass&wörd";
    private const string Refresh = "r3fresh-token";

    private static readonly string[] s_variables = ["DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "PATH", "BEE_REGISTRY_USER", "BEE_REGISTRY_PASSWORD"];

    private readonly Dictionary<string, string?> _before = s_variables.ToDictionary(name => name, Environment.GetEnvironmentVariable);
    private readonly ConcurrentBag<string> _sent = [];
    private readonly TempFolder _folder = new();
    private readonly TokenServer _tokens = new();
    private readonly Shell _shell = new();

    public SecretTests()
    {
        Environment.SetEnvironmentVariable("DOCKER_CONFIG", _folder["docker"]);
        Environment.SetEnvironmentVariable("REGISTRY_AUTH_FILE", null);
        _tokens.Users["ada"] = Password;
        _tokens.RefreshTokens[Refresh] = "ada";
    }

    public void Dispose()
    {
        foreach ((string name, string? value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        _shell.Dispose();
        _tokens.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("Connect-BeeRegistry $registry -Credential $credential")]
    [InlineData("Connect-BeeRegistry $registry -Token $token")]
    [InlineData("Connect-BeeRegistry $registry -Credential $wrong")]
    [InlineData("$credential.GetNetworkCredential().Password | Connect-BeeRegistry $registry -UserName ada -PasswordFromPipeline")]
    [InlineData("$env:BEE_REGISTRY_USER = 'ada'; $env:BEE_REGISTRY_PASSWORD = $credential.GetNetworkCredential().Password; Connect-BeeRegistry $registry")]
    [InlineData("Connect-BeeRegistry $registry -Credential $credential -WhatIf")]
    [InlineData("Connect-BeeRegistry $registry -Credential $credential; Find-BeeImage $registry; Find-BeeImage $registry/me/tool; Disconnect-BeeRegistry $registry")]
    [InlineData("Connect-BeeRegistry $registry -Token $token; Save-BeeImage $registry/me/tool:v1 -Store $store; Find-BeeImage $registry/me/tool:v1")]
    public void No_stream_shows_a_secret(string script)
    {
        string known = script.Contains("$token", StringComparison.Ordinal) ? Refresh : Password;

        // A registry that accepts the login, rejects everything else, and repeats in each error what it received.
        using var registry = new HttpServer(exchange =>
        {
            string? sent = exchange.Header("Authorization");
            if (sent is null)
            {
                return exchange.SendAsync(new HttpAnswer(401).With("WWW-Authenticate", _tokens.Challenge(null)));
            }

            _sent.Add(sent[(sent.IndexOf(' ') + 1)..]);
            return exchange.SendAsync(exchange.Path == "/v2/" ? new HttpAnswer(200)
                : HttpAnswer.Json(403, $$"""{"errors":[{"code":"DENIED","message":"with {{sent}} and {{System.Text.Json.JsonEncodedText.Encode(known)}} you may not"}]}"""));
        });

        string shown = Everything(script, registry.Host);

        Assert.Contains(registry.Host, shown, StringComparison.Ordinal);
        Assert.True(script.Contains("WhatIf", StringComparison.Ordinal) || script.Contains("$wrong", StringComparison.Ordinal) || !_sent.IsEmpty);
        AssertNoSecret(shown);
    }

    [Theory]
    [InlineData("cat; cat >&2; exit 1")]
    [InlineData("if [ \"$1\" = store ]; then cat; exit 0; fi; printf '{\"Username\":\"ada\",\"Secret\":\"%s' 's3cret\"pass&wörd'; exit 0")]
    public void Output_of_a_credential_helper_is_not_repeated(string script)
    {
        Directory.CreateDirectory(_folder["bin"]);
        Executable.Write(_folder["bin/docker-credential-chatty"], $"#!/bin/sh\n{script}\n");
        Environment.SetEnvironmentVariable("PATH", $"{_folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}");
        _folder.Write("docker/config.json", """{"credsStore":"chatty"}""");
        using var registry = new HttpServer(exchange => exchange.SendAsync(exchange.Header("Authorization") is null
            ? new HttpAnswer(401).With("WWW-Authenticate", "Basic realm=\"x\"") : new HttpAnswer(200)));

        AssertNoSecret(Everything("Connect-BeeRegistry $registry -Credential $credential; Find-BeeImage $registry; Disconnect-BeeRegistry $registry", registry.Host));
    }

    [Theory]
    [InlineData("Invoke-BeeProgram $registry")]
    [InlineData("Start-BeeProgram $registry")]
    [InlineData("Test-BeeImage $registry")]
    [InlineData("Import-BeeImage $registry")]
    [InlineData("Invoke-BeeBuild $registry")]
    public void Login_in_a_URL_without_a_scheme_is_not_repeated(string script) =>
        Assert.DoesNotContain("typed-s3cret", Everything(script, "//ada:typed-s3cret@localhost/me/tool"), StringComparison.Ordinal);

    [Theory]
    [InlineData("ada:typed-s3cret@localhost:1")]
    [InlineData("ada:typed-s3cret@localhost:1/me/tool:v1")]
    [InlineData("ada:typed-s3cret@nodot/me/*")]
    [InlineData("https://ada:typed-s3cret@ghcr.io/me/tool")]
    [InlineData("typed-s3cret@localhost:1/me/tool")]
    [InlineData("ada:@/:typed-s3cret@[::1]:1/me/tool.o")]
    [InlineData("ada%3Atyped-s3cret%40localhost:1/me/tool")]
    public void Login_before_a_host_is_in_no_stream_and_no_error(string typed)
    {
        string[] commands =
        [
            "Connect-BeeRegistry $registry -Credential $credential", "Connect-BeeRegistry $registry -Token $token -WhatIf", "$registry | Connect-BeeRegistry -Credential $credential", "Disconnect-BeeRegistry $registry", "Disconnect-BeeRegistry $registry -WhatIf",
            "Save-BeeImage $registry -Store $store", "$registry | Save-BeeImage -Store $store", "Find-BeeImage $registry", "[pscustomobject]@{ Reference = $registry } | Find-BeeImage -Detailed",
            "Get-BeeImage $registry -Store $store", "Copy-BeeImage $registry x -Store $store", "Copy-BeeImage x $registry -Store $store", "Copy-BeeImage $registry localhost:1/x -Remote", "Copy-BeeImage localhost:1/x $registry -Remote",
            "Publish-BeeImage $registry -Store $store", "Publish-BeeImage x $registry -Store $store", "Remove-BeeImage $registry -Store $store", "Remove-BeeImage $registry -Remote -Confirm:$false",
            "Test-BeeImage $registry -Store $store -Pull Always", "Export-BeeImage $registry x.tar -Store $store", "Import-BeeImage $registry -Store $store", "Import-BeeImage /etc/passwd $registry -Store $store",
            "Invoke-BeeProgram $registry -Store $store", "Start-BeeProgram $registry -Store $store", "Invoke-BeeBuild $registry -Store $store", "New-BeeProgram $registry -WhatIf", "Get-BeeProgram $registry", "Get-BeeProgram $registry -Pinned", "Stop-BeeProgram $registry", "Receive-BeeEvent $registry", "Get-BeeMap -Program $registry",
            "$env:BEE_REGISTRY = $registry; try { Save-BeeImage me/tool -Store $store } finally { $env:BEE_REGISTRY = $null }",
        ];

        string shown = Everything(string.Join('\n', commands.Select(command => $"try {{ {command} }} catch {{ }}")), typed);

        Assert.Contains("(login)@", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("typed-s3cret", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Login_in_a_key_of_docker_config_is_not_listed()
    {
        _folder.Write("docker/config.json", """{"auths":{"https://ada:typed-s3cret@localhost:1/v1/":{}}}""");

        string shown = Everything("Disconnect-BeeRegistry * -WhatIf; Disconnect-BeeRegistry localhost:1", "localhost:1");

        Assert.Contains("localhost:1, in ", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("typed-s3cret", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("localhost", File.ReadAllText(_folder["docker/config.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Path_with_an_at_sign_is_accepted()
    {
        string file = _folder.Write("me@v1.2/tool.o", "no object");
        using PowerShell pipeline = _shell.Pipeline("$null = $ExecutionContext.SessionState.Path.SetLocation($folder); Test-BeeImage me@v1.2/tool.o", ("folder", Path.GetDirectoryName(Path.GetDirectoryName(file))));

        Assert.NotEmpty(pipeline.Invoke());
        Assert.Empty(pipeline.Streams.Error);
    }

    /// <summary>Everything that a script wrote to any stream, to errors at any depth, and to the screen.</summary>
    private string Everything(string script, string registry)
    {
        using PowerShell pipeline = _shell.Pipeline(
            $"$VerbosePreference = $DebugPreference = $InformationPreference = 'Continue'; $PSDefaultParameterValues = @{{ '*-Bee*:Verbose' = $true; '*-Bee*:Debug' = $true }}; "
            + $"{script}\n$Error | Format-List * -Force | Out-String -Width 4096; $Error | ForEach-Object {{ $_.Exception.ToString() }}",
            ("registry", registry),
            ("store", _folder["store"]),
            ("credential", new PSCredential("ada", new NetworkCredential("", Password).SecurePassword)),
            ("wrong", new PSCredential("ada", new NetworkCredential("", Password + "x").SecurePassword)),
            ("token", new NetworkCredential("", Refresh).SecurePassword));
        var text = new StringBuilder();
        foreach (PSObject output in pipeline.Invoke())
        {
            text.AppendLine(output.ToString()).AppendLine(string.Join(' ', output.Properties.Select(property => $"{property.Name}={property.Value}")));
        }

        PSDataStreams streams = pipeline.Streams;
        text.AppendJoin('\n', streams.Verbose.Select(record => record.Message)).AppendJoin('\n', streams.Debug.Select(record => record.Message))
            .AppendJoin('\n', streams.Warning.Select(record => record.Message)).AppendJoin('\n', streams.Information.Select(record => $"{record.MessageData}"))
            .AppendJoin('\n', streams.Progress.Select(record => $"{record} {record.CurrentOperation} {record.StatusDescription}"));
        foreach (ErrorRecord error in streams.Error)
        {
            text.AppendLine($"{error} {error.Exception} {error.ErrorDetails?.RecommendedAction} {error.TargetObject} {error.ScriptStackTrace} {error.InvocationInfo?.Line}");
        }

        return text.Append(_shell.Screen).ToString();
    }

    private void AssertNoSecret(string shown)
    {
        string basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"ada:{Password}"));
        string[] secrets = [Password, "s3cret", "pass&w", Uri.EscapeDataString(Password), Refresh, basic, basic[..24], Convert.ToBase64String(Encoding.UTF8.GetBytes($"token:{Refresh}")), .. _sent];
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, shown, StringComparison.Ordinal));
    }
}
