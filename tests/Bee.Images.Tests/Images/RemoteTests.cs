using System.Management.Automation;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>Lists and removes images of registries, and checks how waiting for a registry ends.</summary>
public sealed class RemoteTests : IDisposable
{
    private readonly RegistryShell _shell = new();
    private readonly FaultyRegistry _registry = new(new FaultyRegistryOptions { PageSize = 2 });

    private string Repository => $"{_registry.Host}/me/tool";

    [Fact]
    public void Find_lists_repositories_and_tags()
    {
        Publish("me/tool:v1", "me/tool:v2", "me/tool:latest", "me/other:v1", "we/tool:v1");

        Assert.Equal(["me/other", "me/tool", "we/tool"], Find(""));
        Assert.Equal(["me/other", "me/tool"], Find("/me/*"));
        Assert.Equal(["me/tool:latest", "me/tool:v1", "me/tool:v2"], Find("/me/tool").Order());
        Assert.Equal(["me/tool:v1", "me/tool:v2"], Find("/me/tool:v*"));
        Assert.Equal(["me/other:v1", "me/tool:v1", "we/tool:v1"], Find("/*:v1"));
        Assert.Empty(Find("/none*"));
        Assert.Empty(Find("/me/tool:none*"));
    }

    [Fact]
    public void Referrer_tags_are_listed_only_by_a_specific_pattern()
    {
        string about = "sha256-" + _shell.Digest("tool:v1")["sha256:".Length..];
        Publish("me/tool:v1", $"me/tool:{about}", $"me/tool:{about}.att", $"me/tool:{about}-mine");

        Assert.Equal([$"me/tool:{about}-mine", "me/tool:v1"], Find("/me/tool").Order());
        Assert.Equal([$"me/tool:{about}-mine", "me/tool:v1"], Find("/me/tool:*").Order());
        Assert.Equal([$"me/tool:{about}.att"], Find("/me/tool:*.att"));
        Assert.Equal([$"me/tool:{about}", $"me/tool:{about}-mine", $"me/tool:{about}.att"], Find("/me/tool:sha256-*").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Detailed_result_fits_80_columns()
    {
        Publish("me/tool:v1");

        PSObject found = Assert.Single(Objects("Find-BeeImage $name", ("name", $"{Repository}:v1")));
        Assert.Equal(_shell.Digest("tool:v1"), $"{found.Properties["Digest"].Value}");
        Assert.True((long)found.Properties["Size"].Value > 1000);

        string[] lines = _shell.Shell.Show("Find-BeeImage $name -Detailed", ("name", Repository));
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
        Assert.Contains(lines, line => line.Contains("me/tool", StringComparison.Ordinal) && line.Contains(_shell.Digest("tool:v1")[7..19], StringComparison.Ordinal));
    }

    [Fact]
    public void Only_needed_pages_are_requested()
    {
        Publish("me/tool:v1", "me/tool:v2", "me/tool:v3", "me/tool:v4", "me/tool:v5");
        int before = _registry.Count(Stage.Tags);

        Assert.Single(_shell.Objects("foreach ($tag in 1) { Find-BeeImage $name | ForEach-Object { $_; break } }", ("name", Repository)));

        Assert.Equal(1, _registry.Count(Stage.Tags) - before);
    }

    [Theory]
    [InlineData("/me/none", "Registry.NotFound")]
    [InlineData("/me/none:v1", "Registry.NotFound")]
    [InlineData("/me/Tool", "Store.BadReference")]
    public void Unknown_name_is_an_error(string name, string id)
    {
        Publish("me/tool:v1");

        ErrorRecord error = _shell.Error("Find-BeeImage $name", ("name", _registry.Host + name));

        Assert.StartsWith(id, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(_registry.Host + name, error.TargetObject);
    }

    [Theory]
    [InlineData("Publish-BeeImage tool:v1 -Store $store")]
    [InlineData("Save-BeeImage tool:v1 -Store $store")]
    [InlineData("Find-BeeImage tool:v1")]
    [InlineData("Remove-BeeImage tool:v1 -Remote")]
    [InlineData("Copy-BeeImage tool:v1 tool:v2 -Remote")]
    public void Name_without_a_registry_is_an_error_with_a_remedy(string script)
    {
        ErrorRecord error = _shell.Error(script);

        Assert.StartsWith("NoRegistry", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("ghcr.io/", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal("tool:v1", $"{error.TargetObject}");
    }

    [Theory]
    [InlineData("Publish-BeeImage tool:v1 localhost:5000 -Store $store")]
    [InlineData("Publish-BeeImage tool:v1 ghcr.io -Store $store")]
    [InlineData("Save-BeeImage ghcr.io -Store $store")]
    [InlineData("Save-BeeImage localhost:5000 -Store $store")]
    [InlineData("Copy-BeeImage ghcr.io/me/tool:v1 ghcr.io -Remote")]
    public void Registry_without_a_repository_is_an_error(string script)
    {
        ErrorRecord error = _shell.Error(script);

        Assert.StartsWith("NoRegistry", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("is a registry without a repository", $"{error}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Find-BeeImage \"${name}:*\" | Copy-BeeImage -Destination \"${name}:all\" -Remote")]
    [InlineData("Get-BeeImage *tool:* -Store $store | Copy-BeeImage -Destination all:v1 -Store $store")]
    public void Second_image_with_the_same_destination_is_an_error(string script)
    {
        Publish("me/tool:v1", "me/tool:v2");
        _shell.BuildAnother("tool:v2");

        ErrorRecord error = _shell.Error($"$null = {script}", ("name", Repository));

        Assert.StartsWith("SameTarget", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Remote_removal_of_tags_keeps_local_images()
    {
        Publish("me/tool:v1", "me/tool:v2", "me/tool:latest");
        Objects("$null = Save-BeeImage $name -Store $store; Remove-BeeImage $name -Remote -WhatIf", ("name", $"{Repository}:v1"));
        Assert.Equal(3, Find("/me/tool").Length);

        Objects("Remove-BeeImage $name -Remote", ("name", $"{Repository}:v*"));

        Assert.Equal(["me/tool:latest"], Find("/me/tool"));
        Assert.Single(Objects("Get-BeeImage $name -Store $store", ("name", $"{Repository}:v1")));
    }

    [Fact]
    public void Registry_without_tag_deletion_keeps_the_image_and_suggests_the_digest()
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { TagDeletion = false });
        string name = $"{registry.Host}/me/tool";
        Objects("$null = Publish-BeeImage tool:v1 $one -Store $store; $null = Publish-BeeImage tool:v1 $two -Store $store", ("one", $"{name}:v1"), ("two", $"{name}:v2"));

        ErrorRecord error = _shell.Error("Remove-BeeImage $one -Remote", ("one", $"{name}:v1"));

        Assert.StartsWith("Registry.Unsupported", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains($"{name}@{_shell.Digest("tool:v1")} -Remote", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(2, Objects("Find-BeeImage $name", ("name", name)).Count);

        Objects("Remove-BeeImage $name -Remote", ("name", $"{name}@{_shell.Digest("tool:v1")}"));
        Assert.Empty(registry.Repository("me/tool").Tags);
    }

    [Theory]
    [InlineData("me/*:v1")]
    [InlineData("me/tool")]
    public void Remote_removal_without_a_tag_is_an_error(string name) =>
        Assert.StartsWith("NoTag", _shell.Error("Remove-BeeImage $name -Remote", ("name", $"{_registry.Host}/{name}")).FullyQualifiedErrorId, StringComparison.Ordinal);

    [Theory]
    [InlineData("Save-BeeImage $name -Store $empty", Stage.GetBlob)]
    [InlineData("Invoke-BeeProgram $name -Store $empty", Stage.GetBlob)]
    [InlineData("Publish-BeeImage tool:v1 $new -Store $store", Stage.StartUpload)]
    [InlineData("Find-BeeImage $name", Stage.GetManifest)]
    [InlineData("Copy-BeeImage $name $new -Remote", Stage.GetManifest)]
    public void Ctrl_C_ends_the_wait_for_a_stalled_registry(string script, Stage stage)
    {
        Publish("me/tool:v1");
        Injection stalled = _registry.Inject(stage, stage == Stage.GetBlob ? Faults.Stall(10) : Faults.NoAnswer);
        using PowerShell pipeline = _shell.Shell.Pipeline(
            script, ("store", _shell.Store), ("empty", _shell["empty"]), ("name", $"{Repository}:v1"), ("new", $"{_registry.Host}/new/tool:v1"));
        IAsyncResult running = pipeline.BeginInvoke();
        Wait.Until(() => stalled.Hits > 0 || running.IsCompleted);

        pipeline.Stop();

        // The registry timeouts are longer than this.
        Assert.True(running.AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(20)));
        Assert.Empty(pipeline.Streams.Error);
        Assert.Empty(_shell.Objects("Get-BeeImage -Store $empty", ("empty", _shell["empty"])));
        Assert.DoesNotContain("v1", _registry.Repository("new/tool").Tags.Keys);
    }

    [Theory]
    [InlineData("Find-BeeImage $name -TimeoutSec 1", Stage.GetManifest, false)]
    [InlineData("Save-BeeImage $name -Store $empty -ConnectionTimeoutSeconds 0 -OperationTimeoutSeconds 1", Stage.GetBlob, true)]
    [InlineData("Publish-BeeImage tool:v1 $new -Store $store -OperationTimeoutSeconds 0 -ConnectionTimeoutSeconds 1", Stage.StartUpload, false)]
    public void Timeout_parameters_limit_the_wait_for_a_registry(string script, Stage stage, bool begins)
    {
        Publish("me/tool:v1");
        _registry.Inject(stage, begins ? Faults.Stall(10) : Faults.NoAnswer);

        ErrorRecord error = _shell.Error(script, ("empty", _shell["empty"]), ("name", $"{Repository}:v1"), ("new", $"{_registry.Host}/new/tool:v1"));

        Assert.StartsWith("Registry.TimedOut", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("1 s", $"{error}", StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_shows_bytes_rate_and_blobs()
    {
        Publish("me/tool:v1");
        _registry.Inject(Stage.GetBlob, Faults.Stall(10));
        using PowerShell pipeline = _shell.Shell.Pipeline("Save-BeeImage $name -Store $empty", ("empty", _shell["empty"]), ("name", $"{Repository}:v1"));
        pipeline.BeginInvoke();
        Wait.Until(() => pipeline.Streams.Progress.Any(IsOfTransfer));
        pipeline.Stop();

        ProgressRecord record = pipeline.Streams.Progress.First(IsOfTransfer);
        Assert.Equal($"Saving {Repository}:v1", record.Activity);
        Assert.Matches("^[0-9.]+[KMi]*B of [0-9.]+[KMi]*B, [0-9]+ of [0-9]+ blobs, [0-9.]+[KMi]*B/s$", record.StatusDescription);
        Assert.InRange(record.PercentComplete, 0, 99);

        static bool IsOfTransfer(ProgressRecord record) => record.Activity.StartsWith("Saving", StringComparison.Ordinal) && record.PercentComplete >= 0;
    }

    [Fact]
    public void Retries_are_verbose_messages()
    {
        Publish("me/tool:v1");
        _registry.Inject(Stage.GetManifest, Faults.Status(503, "Retry-After: 0"), times: 1);
        _registry.Inject(Stage.HeadManifest, Faults.Status(503, "Retry-After: 0"), times: 1);

        Assert.Contains("503", _shell.Verbose("Save-BeeImage $name -Store $store", ("name", $"{Repository}:v1")), StringComparison.Ordinal);
    }

    private void Publish(params string[] names)
    {
        foreach (string name in names)
        {
            Objects("$null = Publish-BeeImage tool:v1 $name -Store $store", ("name", $"{_registry.Host}/{name}"));
        }
    }

    private string[] Find(string pattern) =>
        [.. Objects("(Find-BeeImage $pattern).Reference", ("pattern", _registry.Host + pattern)).Where(name => name is not null).Select(name => $"{name}"[(_registry.Host.Length + 1)..])];

    private IReadOnlyList<PSObject> Objects(string script, params (string, object?)[] variables) => _shell.Objects(script, variables);

    public void Dispose()
    {
        _registry.Dispose();
        _shell.Dispose();
    }
}
