using System.Collections.Concurrent;
using System.Management.Automation;
using System.Net;
using System.Text;
using Bee.Registries;

namespace Bee.Cmdlets.Tests;

/// <summary>Looks through everything that a session shows, with everything turned on, for what must not be there.</summary>
[Collection("Bee")]
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class SecretTests : IDisposable
{
    private const string Password = "s3cret\"pass&wörd";
    private const string Refresh = "r3fresh-token";

    private static readonly string[] s_variables = ["DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "PATH"];

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
    [InlineData("Connect-BeeRegistry $registry -Credential $credential -WhatIf")]
    [InlineData("Connect-BeeRegistry $registry -Credential $credential; Find-BeeImage $registry; Find-BeeImage $registry/me/tool; Disconnect-BeeRegistry $registry")]
    [InlineData("Connect-BeeRegistry $registry -Token $token; Save-BeeImage $registry/me/tool:v1 -Store $store; Find-BeeImage $registry/me/tool:v1")]
    public void NoStreamShowsASecret(string script)
    {
        string known = script.Contains("$token", StringComparison.Ordinal) ? Refresh : Password;

        // A registry that takes the login and refuses the rest, and each time says what it was sent.
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
    public void ACredentialHelperThatTalksIsNotRepeated(string script)
    {
        string helper = _folder.Write("bin/docker-credential-chatty", $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(helper, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Environment.SetEnvironmentVariable("PATH", $"{_folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}");
        _folder.Write("docker/config.json", """{"credsStore":"chatty"}""");
        using var registry = new HttpServer(exchange => exchange.SendAsync(exchange.Header("Authorization") is null
            ? new HttpAnswer(401).With("WWW-Authenticate", "Basic realm=\"x\"") : new HttpAnswer(200)));

        AssertNoSecret(Everything("Connect-BeeRegistry $registry -Credential $credential; Find-BeeImage $registry; Disconnect-BeeRegistry $registry", registry.Host));
    }

    /// <summary>What a script writes onto any stream, what is in its errors, however deep, and what was on the screen.</summary>
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
