using System.Management.Automation;
using System.Net;
using Bee.Registries;

namespace Bee.Images.Tests;

[Collection("Alone")]
public sealed class RegistryLoginTests : IDisposable
{
    private const string Password = "s3cret-pass";

    private static readonly string[] s_variables = ["DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "BEE_REGISTRY_USER", "BEE_REGISTRY_PASSWORD"];

    private readonly Dictionary<string, string?> _before = s_variables.ToDictionary(name => name, Environment.GetEnvironmentVariable);
    private readonly TempFolder _folder = new();
    private readonly TokenServer _tokens = new();
    private readonly Shell _shell = new();

    public RegistryLoginTests()
    {
        Environment.SetEnvironmentVariable("DOCKER_CONFIG", _folder["docker"]);
        Environment.SetEnvironmentVariable("REGISTRY_AUTH_FILE", null);
        _tokens.Users["ada"] = Password;
    }

    private string Config => File.Exists(_folder["docker/config.json"]) ? File.ReadAllText(_folder["docker/config.json"]) : "";

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

    [ToolFact(Tool.Registry)]
    public void Accepted_login_is_saved_and_used()
    {
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Users = new Dictionary<string, string> { ["ada"] = Password } });

        PSObject login = Assert.Single(_shell.Objects("Connect-BeeRegistry $registry -Credential $credential", ("registry", registry.Host), ("credential", Ada())));

        Assert.Equal((registry.Host, "ada", "Password", _folder["docker/config.json"]), (
            $"{login.Properties["Registry"].Value}", $"{login.Properties["UserName"].Value}", $"{login.Properties["Kind"].Value}", $"{login.Properties["KeptIn"].Value}"));
        Assert.Contains(registry.Host, Config, StringComparison.Ordinal);
        Assert.Empty(_shell.Objects("Find-BeeImage $registry", ("registry", registry.Host)));
        Assert.Empty(_shell.Objects("$login | Disconnect-BeeRegistry", ("login", login)));
        Assert.DoesNotContain(registry.Host, Config, StringComparison.Ordinal);
        Assert.Equal("Registry.Unauthorized", Id(_shell.Error("Find-BeeImage $registry", ("registry", registry.Host))));
    }

    [ToolTheory(Tool.Registry)]
    [InlineData("$password | Connect-BeeRegistry $registry -UserName ada -PasswordFromPipeline")]
    [InlineData("\"$password`r`n\" | Connect-BeeRegistry $registry -UserName ada -PasswordStdin")]
    [InlineData("ConvertTo-SecureString $password -AsPlainText | Connect-BeeRegistry $registry -UserName ada -PasswordFromPipeline")]
    [InlineData("$env:BEE_REGISTRY_USER = 'ada'; $env:BEE_REGISTRY_PASSWORD = $password; $registry | Connect-BeeRegistry")]
    public void Login_is_read_from_the_pipeline_or_the_environment_without_a_prompt(string script)
    {
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Users = new Dictionary<string, string> { ["ada"] = Password } });

        PSObject login = Assert.Single(_shell.Objects(script, ("registry", registry.Host), ("password", Password)));

        Assert.Equal("ada", login.Properties["UserName"].Value);
        Assert.Contains(registry.Host, Config, StringComparison.Ordinal);
    }

    [ToolFact(Tool.Registry)]
    public void Password_variable_without_a_user_is_a_token()
    {
        _tokens.RefreshTokens["refr3sh"] = "ada";
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Tokens = _tokens });

        PSObject login = Assert.Single(_shell.Objects("$env:BEE_REGISTRY_USER = ''; $env:BEE_REGISTRY_PASSWORD = 'refr3sh'; Connect-BeeRegistry $registry", ("registry", registry.Host)));

        Assert.Equal("IdentityToken", $"{login.Properties["Kind"].Value}");
    }

    [Theory]
    [InlineData("@() | Connect-BeeRegistry localhost:1 -PasswordFromPipeline", "EmptySecret")]
    [InlineData("Connect-BeeRegistry localhost:1 -PasswordFromPipeline", "EmptySecret")]
    [InlineData("'one', 'two' | Connect-BeeRegistry localhost:1 -PasswordFromPipeline", "SeveralSecrets")]
    public void Pipeline_without_one_secret_is_an_error(string script, string id)
    {
        Assert.Equal(id, Id(_shell.Error(script)));
        Assert.Empty(Config);
    }

    [ToolFact(Tool.Registry)]
    public void Rejected_login_is_not_saved()
    {
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Tokens = _tokens });

        ErrorRecord error = _shell.Error("Connect-BeeRegistry $registry -Credential $credential", ("registry", registry.Host), ("credential", Ada("wr0ng-pass")));

        Assert.Equal("Registry.Unauthorized", Id(error));
        Assert.Equal(ErrorCategory.AuthenticationError, error.CategoryInfo.Category);
        Assert.Equal(registry.Host, error.TargetObject);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
        Assert.Empty(Config);
    }

    [ToolFact(Tool.Registry)]
    public void Token_is_saved_in_the_form_that_the_registry_accepts()
    {
        _tokens.RefreshTokens["refr3sh"] = "ada";
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Tokens = _tokens });

        PSObject login = Assert.Single(_shell.Objects("Connect-BeeRegistry $registry -Token $token", ("registry", registry.Host), ("token", new NetworkCredential("", "refr3sh").SecurePassword)));

        Assert.Equal("IdentityToken", $"{login.Properties["Kind"].Value}");
        Assert.Contains("\"identitytoken\": \"refr3sh\"", Config, StringComparison.Ordinal);
    }

    [ToolTheory(Tool.Registry)]
    [InlineData(true)]
    [InlineData(false)]
    public void Saved_login_is_used_by_all_registry_cmdlets(bool tokens)
    {
        using var registry = DebianRegistry.Start(tokens
            ? new DebianRegistryOptions { Tokens = _tokens }
            : new DebianRegistryOptions { Users = new Dictionary<string, string> { ["ada"] = Password } });
        string source = _folder.Write("tool.bpf.c", Sources.Program("raw_tp/sys_enter"));
        (string, object?)[] names = [("registry", registry.Host), ("credential", Ada()), ("source", source), ("store", _folder["store"]), ("other", _folder["other"])];
        _shell.Objects("$null = Invoke-BeeBuild $source -Tag $registry/me/tool:v1 -Store $store", names);

        Assert.Equal("Registry.Unauthorized", Id(_shell.Error("Publish-BeeImage $registry/me/tool:v1 -Store $store", names)));
        _shell.Objects("$null = Connect-BeeRegistry $registry $credential; $null = Publish-BeeImage $registry/me/tool:v1 -Store $store", names);
        Assert.Equal("v1", $"{Assert.Single(_shell.Objects("(Find-BeeImage $registry/me/tool).Tag", names))}");
        Assert.Single(_shell.Objects("Save-BeeImage $registry/me/tool:v1 -Store $other", names));
        Assert.Single(_shell.Objects("(Find-BeeImage $registry/me/tool:v1).Digest", names));
        _shell.Objects("$null = Copy-BeeImage -Remote $registry/me/tool:v1 $registry/me/other:v2", names);
        _shell.Objects("Remove-BeeImage -Remote \"$registry/me/tool@$((Find-BeeImage $registry/me/tool:v1).Digest)\" -Confirm:$false", names);
        Assert.Equal("Registry.NotFound", Id(_shell.Error("Save-BeeImage $registry/me/tool:v1 -Store $other", names)));
        Assert.Single(_shell.Objects("Save-BeeImage $registry/me/other:v2 -Store $other", names));
    }

    [ToolFact(Tool.Registry)]
    public void Login_follows_the_registry_settings()
    {
        using var authority = new TestAuthority();
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Authority = authority, Users = new Dictionary<string, string> { ["ada"] = Password } });
        string? before = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _folder["config"]);
        try
        {
            _folder.Write("config/bee/registries.json", $$"""{ "registries": { "{{registry.Host}}": { "caCertificate": "{{authority.Certificate}}" } } }""");

            Assert.Single(_shell.Objects("Connect-BeeRegistry $registry -Credential $credential", ("registry", registry.Host), ("credential", Ada())));
        }
        finally
        {
            Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", before);
        }
    }

    [ToolFact(Tool.Registry)]
    public void Rejected_token_is_not_tried_as_a_password()
    {
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Tokens = _tokens });

        ErrorRecord error = _shell.Error("Connect-BeeRegistry $registry -Token $token", ("registry", registry.Host), ("token", new NetworkCredential("", "wr0ng").SecurePassword));

        Assert.Equal("Registry.Unauthorized", Id(error));
        Assert.Contains("token", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.DoesNotContain("user name and password", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [ToolFact(Tool.Registry)]
    public void CACertificate_is_trusted_and_SkipCertificateCheck_warns()
    {
        using var authority = new TestAuthority();
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Authority = authority, Users = new Dictionary<string, string> { ["ada"] = Password } });
        (string, object?)[] names = [("registry", registry.Host), ("credential", Ada()), ("ca", authority.Certificate)];

        Assert.Single(_shell.Objects("Connect-BeeRegistry $registry $credential -CACertificate $ca", names));
        ShellResult skipped = _shell.Run("Connect-BeeRegistry $registry $credential -SkipCertificateCheck", names);
        Assert.Empty(skipped.Errors);
        Assert.Contains(registry.Host, Assert.Single(skipped.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIf_sends_no_request()
    {
        int asked = 0;
        using var server = new HttpServer(exchange =>
        {
            asked++;
            return exchange.SendAsync(new HttpAnswer(200));
        });

        Assert.Empty(_shell.Objects("Connect-BeeRegistry $registry -Credential $credential -WhatIf", ("registry", server.Host), ("credential", Ada())));
        Assert.Equal(0, asked);
        Assert.Empty(Config);
    }

    [Theory]
    [InlineData("Connect-BeeRegistry https://ghcr.io -Credential $credential", "Registry.BadName")]
    [InlineData("Connect-BeeRegistry ghcr.io/me -Credential $credential", "Registry.BadName")]
    [InlineData("Connect-BeeRegistry 127.0.0.1:1 -Credential $empty", "EmptySecret")]
    [InlineData("Connect-BeeRegistry 127.0.0.1:1 -Token ([securestring]::new())", "EmptySecret")]
    [InlineData("Connect-BeeRegistry 127.0.0.1:1 -Credential $credential", "Registry.Unreachable")]
    [InlineData("Connect-BeeRegistry registry.example -Credential $credential -CACertificate /no/such.pem", "Registry.Certificate")]
    [InlineData("Disconnect-BeeRegistry ghcr.io", "NoLogin")]
    public void Invalid_command_is_an_error(string command, string id) =>
        Assert.Equal(id, Id(_shell.Error(command, ("credential", Ada()), ("empty", Ada("")))));

    [Fact]
    public void Damaged_login_file_is_an_error_before_any_request()
    {
        int asked = 0;
        using var server = new HttpServer(exchange =>
        {
            asked++;
            return exchange.SendAsync(new HttpAnswer(200));
        });
        _folder.Write("docker/config.json", "{ damaged");

        Assert.Equal("Registry.Login", Id(_shell.Error("Connect-BeeRegistry $registry -Credential $credential", ("registry", server.Host), ("credential", Ada()))));
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task Stopping_the_pipeline_ends_a_pending_login()
    {
        var asked = new TaskCompletionSource();
        using var server = new HttpServer(exchange =>
        {
            asked.TrySetResult();
            return exchange.WaitForClientAsync();
        });
        using PowerShell pipeline = _shell.Pipeline("Connect-BeeRegistry $registry -Credential $credential", ("registry", server.Host), ("credential", Ada()));

        IAsyncResult run = pipeline.BeginInvoke();
        await asked.Task.WaitAsync(Wait.Limit);
        await Task.Factory.FromAsync(pipeline.BeginStop(null, null), pipeline.EndStop).WaitAsync(TimeSpan.FromSeconds(20));

        // The response timeout is longer than the wait, so the stop ended the login.
        Assert.ThrowsAny<PipelineStoppedException>(() => pipeline.EndInvoke(run));
        Assert.Empty(Config);
    }

    [Fact]
    public void Disconnect_with_a_pattern_removes_the_matching_logins()
    {
        _folder.Write("docker/config.json", """{"auths":{"a.example":{},"https://b.example/v1/":{},"c.test":{} } }""");

        Assert.Empty(_shell.Objects("Disconnect-BeeRegistry *.nothing"));
        Assert.Empty(_shell.Objects("Disconnect-BeeRegistry *.example -WhatIf"));
        Assert.Contains("a.example", Config, StringComparison.Ordinal);
        Assert.Empty(_shell.Objects("Disconnect-BeeRegistry *.example"));
        Assert.DoesNotContain(".example", Config, StringComparison.Ordinal);
        Assert.Contains("c.test", Config, StringComparison.Ordinal);
    }

    [Fact]
    public void Registries_with_a_login_are_completed()
    {
        _folder.Write("docker/config.json", """{"auths":{"a.example":{},"https://b.example/v1/":{} } }""");

        Assert.Equal(["a.example", "b.example"], _shell.Objects(
            "(TabExpansion2 'Disconnect-BeeRegistry ' 23).CompletionMatches.CompletionText").Select(text => $"{text}"));
    }

    [Fact]
    public void Login_fits_80_columns()
    {
        using var server = new HttpServer(exchange => exchange.SendAsync(new HttpAnswer(200)));

        string[] lines = _shell.Show("Connect-BeeRegistry $registry -Credential $credential -WarningAction Ignore", ("registry", server.Host), ("credential", Ada()));

        Assert.All(lines, line => Assert.True(line.Length <= 80));
        Assert.Contains(lines, line => line.StartsWith(server.Host, StringComparison.Ordinal) && line.Contains("ada", StringComparison.Ordinal));
    }

    private static PSCredential Ada(string password = Password) => new("ada", new NetworkCredential("", password).SecurePassword);

    private static string Id(ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0];
}
