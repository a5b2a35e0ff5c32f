using System.Management.Automation;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>When a run pulls its image: each request is counted.</summary>
[Collection("Alone")]
public sealed class PullTests : IDisposable
{
    private readonly RegistryShell _shell = new();
    private readonly FaultyRegistry _registry = new();

    private string Name => $"{_registry.Host}/me/tool:v1";

    // Test-BeeImage resolves images as Invoke-BeeProgram does, and needs no privileges.
    [Fact]
    public void Missing_image_is_pulled()
    {
        Publish("tool:v1");

        Assert.Equal("True", $"{Assert.Single(Objects("Test-BeeImage $name -Pull Missing -Quiet -Store $store"))}");
        Assert.Equal(_shell.Digest("tool:v1"), _shell.Digest(Name));
    }

    [Fact]
    public void Local_image_sends_no_request()
    {
        Publish("tool:v1");
        Objects("Save-BeeImage $name -Store $store");
        int before = _registry.Requests.Count;

        string said = _shell.Verbose("Test-BeeImage $name -Pull Missing -Store $store", ("name", Name));

        Assert.Equal(before, _registry.Requests.Count);
        Assert.Contains("no registry is asked", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_Never_sends_no_request()
    {
        Publish("tool:v1");
        int before = _registry.Requests.Count;

        ErrorRecord error = _shell.Error("Test-BeeImage $name -Pull Never -Store $store", ("name", Name));

        Assert.StartsWith("ImageNotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(before, _registry.Requests.Count);
    }

    [Fact]
    public void Pull_Always_sends_one_request_and_pulls_only_a_changed_image()
    {
        Publish("tool:v1");
        Objects("Save-BeeImage $name -Store $store");
        int before = _registry.Requests.Count;

        Objects("Test-BeeImage $name -Pull Always -Store $store");

        FaultyRequest asked = Assert.Single(_registry.Requests.Skip(before));
        Assert.Equal(Stage.HeadManifest, asked.Stage);

        string another = _shell.BuildAnother("tool:v2");
        Publish("tool:v2");
        Objects("Test-BeeImage $name -Pull Always -Store $store");
        Assert.Equal(another, _shell.Digest(Name));
    }

    [Fact]
    public void Pull_Always_resolves_a_short_name_to_its_registry()
    {
        Publish("tool:v1");
        Objects("$null = Save-BeeImage $name -Store $store; Remove-BeeImage tool:v1 -Store $store -ErrorAction Ignore");
        string another = _shell.BuildAnother("else:v2");
        Publish("else:v2");

        Objects("Test-BeeImage me/tool:v1 -Pull Always -Store $store");

        Assert.Equal(another, _shell.Digest(Name));
    }

    [Fact]
    public void Pull_Always_fails_if_the_registry_does_not_answer()
    {
        Publish("tool:v1");
        Objects("Save-BeeImage $name -Store $store");
        // A response to HEAD has no body, so the client repeats the request for the error text.
        _registry.Inject(Stage.HeadManifest, Faults.Error(403, "DENIED"));
        _registry.Inject(Stage.GetManifest, Faults.Error(403, "DENIED"));

        ErrorRecord error = _shell.Error("Test-BeeImage $name -Pull Always -Store $store", ("name", Name));

        Assert.StartsWith("Registry.Denied", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.PermissionDenied, error.CategoryInfo.Category);
        Assert.Equal(Name, error.TargetObject);
    }

    [Fact]
    public void Pull_Always_of_a_deleted_tag_is_an_error()
    {
        Publish("tool:v1");
        Objects("Save-BeeImage $name -Store $store; Remove-BeeImage $name -Remote");

        ErrorRecord error = _shell.Error("Test-BeeImage $name -Pull Always -Store $store", ("name", Name));

        Assert.StartsWith("Registry.NotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("-Pull Missing", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_Always_of_a_local_digest_sends_no_request()
    {
        Publish("tool:v1");
        Objects("Save-BeeImage $name -Store $store");
        int before = _registry.Requests.Count;

        Objects("Test-BeeImage $pinned -Pull Always -Store $store", ("pinned", $"{Name}@{_shell.Digest(Name)}"));

        Assert.Equal(before, _registry.Requests.Count);
    }

    [Fact]
    public void Missing_digest_is_pulled_even_if_the_tag_is_local()
    {
        string first = _shell.Digest("tool:v1");
        Publish("tool:v1");
        _shell.BuildAnother("tool:v2");
        Publish("tool:v2");
        Objects("Save-BeeImage $name -Store $store; Remove-BeeImage tool:v1 -Store $store");

        Objects("Test-BeeImage $pinned -Pull Missing -Store $store", ("pinned", $"{Name}@{first}"));

        Assert.Equal(first, _shell.Digest(Name));
    }

    [Fact]
    public void Pull_Always_without_effect_is_a_warning()
    {
        foreach ((string program, string why) in new[] { ("tool:v1", "has no registry"), (_shell.Source, "a file has no registry") })
        {
            ShellResult result = _shell.Shell.Run("Test-BeeImage $program -Pull Always -Store $store", ("store", _shell.Store), ("program", program));

            Assert.Empty(result.Errors);
            Assert.Contains(result.Warnings, warning => warning.Contains(why, StringComparison.Ordinal));
        }
    }

    [KernelFact]
    public void Image_runs_by_its_name_in_the_registry()
    {
        Publish("tool:v1");

        Assert.NotEmpty(Objects("Invoke-BeeProgram $name -Duration 100ms -Store $store; Get-BeeImage $name -Store $store"));
        Assert.Single(Objects("$run = Start-BeeProgram $name -Pull Always -Store $store; $run; $run | Stop-BeeProgram"));
    }

    private void Publish(string reference) => Objects("$null = Publish-BeeImage $reference $name -Store $store", ("reference", reference));

    private IReadOnlyList<PSObject> Objects(string script, params (string, object?)[] variables) => _shell.Objects(script, [("name", Name), .. variables]);

    public void Dispose()
    {
        _registry.Dispose();
        _shell.Dispose();
    }
}
