using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>Runs the commands of the templates in deploy/ci as the runners do, without a terminal, against a registry with logins.</summary>
[Collection("Alone")]
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed partial class CiTemplateTests : IDisposable
{
    private const string Password = "s3cret-of-the-registry", KeyPassword = "s3cret-of-the-key";

    private readonly TempFolder _folder = new();
    private readonly DebianRegistry? _registry;

    public CiTemplateTests()
    {
        Directory.CreateDirectory(_folder["tool"]);
        Directory.CreateDirectory(_folder["bin"]);
        File.WriteAllText(_folder["tool/tool.bpf.c"], Sources.Program("raw_tp/sys_enter"));
        File.CreateSymbolicLink(_folder["bin/pwsh"], BeeModule.PowerShell);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_folder["key.pem"], key.ExportEncryptedPkcs8PrivateKeyPem(KeyPassword, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000)));
        File.SetUnixFileMode(_folder["key.pem"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(_folder["cosign.pub"], key.ExportSubjectPublicKeyInfoPem());
        if (Tool.Obstacle(Tool.Registry) is null)
        {
            _registry = DebianRegistry.Start(new DebianRegistryOptions { Users = new Dictionary<string, string> { ["ada"] = Password } });
        }
    }

    [ToolFact(Tool.Registry)]
    public void Commands_for_GitHub_publish_a_verified_image()
    {
        Dictionary<string, string> steps = Steps(File.ReadAllText(BeeModule.File("deploy", "ci", "github.yml")));

        Assert.Equal(["Build", "Check", "Log in", "Publish", "Verify", "Log out"], steps.Keys.Where(name => name != "Install"));
        // Several steps run in one process, because starting one takes longer than the steps.
        Succeeds(GitHub(steps["Build"] + "\n" + steps["Check"] + "\n" + steps["Log in"], ("BEE_REGISTRY_USER", "ada"), ("BEE_REGISTRY_PASSWORD", Password)));
        Assert.Matches("Signature", Succeeds(GitHub(steps["Publish"] + "\n" + steps["Verify"], ("COSIGN_PRIVATE_KEY", File.ReadAllText(_folder["key.pem"])), ("COSIGN_PASSWORD", KeyPassword))));
        Assert.False(File.Exists(_folder["cosign.key"]));

        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_folder["cosign.pub"], other.ExportSubjectPublicKeyInfoPem());
        Assert.Equal(1, GitHub(steps["Verify"]).ExitCode);

        Assert.Equal(1, GitHub(steps["Log out"] + "\n" + steps["Publish"], ("COSIGN_PRIVATE_KEY", File.ReadAllText(_folder["key.pem"])), ("COSIGN_PASSWORD", KeyPassword)).ExitCode);
    }

    [ToolFact(Tool.Registry)]
    public void Commands_for_GitLab_publish_a_verified_image()
    {
        string[] lines = Script(File.ReadAllText(BeeModule.File("deploy", "ci", "gitlab.yml")));

        Assert.Equal(4, lines.Length);
        Succeeds(Sh(lines[0]));
        Succeeds(Sh(lines[1], ("CI_REGISTRY", _registry!.Host), ("CI_REGISTRY_USER", "ada"), ("CI_REGISTRY_PASSWORD", Password)));
        Succeeds(Sh(lines[2], ("COSIGN_KEY", _folder["key.pem"]), ("COSIGN_PASSWORD", KeyPassword)));
        Assert.Matches("Signature", Succeeds(Sh(lines[3])));

        Assert.Equal(1, Sh(lines[1], ("CI_REGISTRY", _registry.Host), ("CI_REGISTRY_USER", "ada"), ("CI_REGISTRY_PASSWORD", "wr0ng")).ExitCode);
    }

    [Fact]
    public void Prompt_without_a_terminal_is_an_error()
    {
        // Without -NonInteractive: the result must not depend on the switch.
        ChildResult result = Sh("pwsh -NoProfile -Command 'Connect-BeeRegistry localhost:1 -Credential ada; $input | Connect-BeeRegistry localhost:1 -PasswordFromPipeline; Connect-BeeRegistry localhost:1'");

        string said = Words().Replace(result.Messages + result.Output, " ");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("the session is not interactive. Use a PSCredential", said, StringComparison.Ordinal);
        Assert.Contains("No password or token for localhost:1 was passed", said, StringComparison.Ordinal);
        Assert.Contains("No login for localhost:1 was given", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Password for user", said, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _registry?.Dispose();
        _folder.Dispose();
    }

    // GitHub writes a step to a file, with these lines around it, and runs the file.
    private ChildResult GitHub(string step, params (string, string)[] environment)
    {
        string file = _folder.Write("step.ps1", $"$ErrorActionPreference = 'stop'\n{step}\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) {{ exit $LASTEXITCODE }}\n");
        return Sh($"pwsh -NoProfile -Command \". '{file}'\"", [.. environment, ("REGISTRY", _registry!.Host), ("RUNNER_TEMP", _folder[""].TrimEnd('/'))]);
    }

    private ChildResult Sh(string script, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("setsid", ["--wait", "sh", "-e", "-c", script])
        {
            WorkingDirectory = _folder[""],
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("TERM");
        start.Environment.Remove("COSIGN_PASSWORD");
        start.Environment["PATH"] = $"{_folder["bin"]}:{start.Environment["PATH"]}";
        start.Environment["PSModulePath"] = Path.GetDirectoryName(BeeModule.Path);
        start.Environment["NO_COLOR"] = "1";
        start.Environment["DOCKER_CONFIG"] = _folder["docker"];
        start.Environment["BEE_STORE"] = _folder["store"];
        start.Environment["TOOL"] = "./tool";
        start.Environment["IMAGE"] = $"{_registry?.Host}/me/tool:v1";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process child = Process.Start(start)!;
        child.StandardInput.Close();
        Task<string> messages = child.StandardError.ReadToEndAsync();
        Task<string> output = child.StandardOutput.ReadToEndAsync();
        if (!child.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            child.Kill(entireProcessTree: true);
            throw new TimeoutException($"It waits: {script}");
        }

        var result = new ChildResult(child.ExitCode, output.Result, messages.Result);
        Assert.DoesNotContain(Password, result.Output + result.Messages, StringComparison.Ordinal);
        Assert.DoesNotContain(KeyPassword, result.Output + result.Messages, StringComparison.Ordinal);
        return result;
    }

    private static string Succeeds(ChildResult result)
    {
        Assert.True(result.ExitCode == 0, result.Output + result.Messages);
        return result.Output;
    }

    // Returns the steps' scripts by name: "- name: NAME", then "run: |" and an indented block.
    private static Dictionary<string, string> Steps(string yaml) => StepPattern().Matches(yaml).ToDictionary(step => step.Groups["name"].Value, step => Unindented(step.Groups["block"].Value));

    // Returns the items of "script:", each a line or an indented block.
    private static string[] Script(string yaml) =>
        [.. ItemPattern().Matches(ScriptPattern().Match(yaml).Groups["items"].Value).Select(item => item.Groups["block"] is { Success: true } block ? Unindented(block.Value) : item.Groups["line"].Value)];

    private static string Unindented(string block)
    {
        string[] lines = block.TrimEnd('\n').Split('\n');
        int depth = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return new StringBuilder().AppendJoin('\n', lines.Select(line => line.Length > depth ? line[depth..] : "")).ToString();
    }

    [GeneratedRegex(@"^      - name: (?<name>.+)\n(?:(?!      - ).*\n)*?        run: \|\n(?<block>(?:          .*\n|\n)+)", RegexOptions.Multiline)]
    private static partial Regex StepPattern();

    [GeneratedRegex(@"^  script:\n(?<items>(?:    .*\n)+)", RegexOptions.Multiline)]
    private static partial Regex ScriptPattern();

    [GeneratedRegex(@"^    - (?:\|\n(?<block>(?:      .*\n)+)|(?<line>.+)\n)", RegexOptions.Multiline)]
    private static partial Regex ItemPattern();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Words();
}
