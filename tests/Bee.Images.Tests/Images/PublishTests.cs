using System.Management.Automation;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>Publish-BeeImage and Save-BeeImage with Debian's registry.</summary>
public sealed class PublishTests : IDisposable
{
    private readonly RegistryShell _shell = new();
    private readonly DebianRegistry? _registry = DebianRegistry.Missing is null ? DebianRegistry.Start() : null;

    private string Name => $"localhost:{_registry!.Port}/me/tool:v1";

    [ToolFact(Tool.Registry)]
    public void Built_image_is_pushed_removed_and_pulled_again()
    {
        PSObject published = Assert.Single(Objects("Invoke-BeeBuild $source -Tag $name -Store $store | Publish-BeeImage -Store $store"));
        string digest = $"{published.Properties["Digest"].Value}";
        Assert.Equal(Name, $"{published.Properties["Reference"].Value}");

        Objects("Remove-BeeImage $name -Store $store");
        PSObject saved = Assert.Single(Objects("Save-BeeImage $name -Store $store"));

        Assert.Equal(digest, $"{saved.Properties["Digest"].Value}");
        Assert.Equal(digest, _shell.Digest(Name));
        Assert.Equal("True", $"{Assert.Single(Objects("Test-BeeImage $name -Store $store -Quiet"))}");
    }

    [ToolFact(Tool.Registry)]
    public void Second_push_transfers_no_blob_and_notes_it()
    {
        Objects("Publish-BeeImage tool:v1 -Destination $name -Store $store");

        Assert.Contains("no blob sent", _shell.Verbose("Publish-BeeImage tool:v1 -Destination $name -Store $store", ("name", Name)), StringComparison.Ordinal);
    }

    [ToolFact(Tool.Registry)]
    public void Several_images_keep_their_tags_under_another_repository()
    {
        _shell.BuildAnother("tool:v2");

        string[] names = [.. Objects("Get-BeeImage tool:* -Store $store | Publish-BeeImage -Destination $other | ForEach-Object Reference", ("other", $"{_registry!.Host}/we/tools")).Select(name => $"{name}")];

        Assert.Equal([$"{_registry.Host}/we/tools:v1", $"{_registry.Host}/we/tools:v2"], names);
        Assert.Equal(names, Objects("(Find-BeeImage $other).Reference", ("other", $"{_registry.Host}/we/tools")).Select(name => $"{name}"));
    }

    [ToolFact(Tool.Registry)]
    public void Two_images_with_the_same_name_are_an_error()
    {
        _shell.BuildAnother("tool:v2");

        ErrorRecord error = _shell.Error("$null = Get-BeeImage tool:* -Store $store | Publish-BeeImage -Destination $name", ("name", Name));

        Assert.StartsWith("SameTarget", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("tool:v2", $"{error.TargetObject}");
    }

    [ToolFact(Tool.Registry)]
    public void WhatIf_transfers_nothing()
    {
        Objects("Publish-BeeImage tool:v1 -Destination $name -Store $store -WhatIf");
        Assert.DoesNotContain("me/tool", _registry!.Log, StringComparison.Ordinal);

        Objects("Publish-BeeImage tool:v1 -Destination $name -Store $store");
        Objects("Save-BeeImage $name -Store $store -WhatIf");
        Assert.Empty(Objects("Get-BeeImage localhost* -Store $store"));
    }

    [ToolFact(Tool.Registry)]
    public void Reference_with_a_digest_names_the_same_image_after_a_push()
    {
        string digest = _shell.Digest("tool:v1");
        string another = _shell.BuildAnother("tool:v2");
        Objects("$null = Publish-BeeImage tool:v1 -Destination $name -Store $store; $null = Publish-BeeImage tool:v2 -Destination $name -Store $store");

        Assert.Equal(another, $"{Assert.Single(Objects("(Save-BeeImage $name -Store $store).Digest"))}");
        Assert.Equal(digest, $"{Assert.Single(Objects("(Save-BeeImage $pinned -Store $store).Digest", ("pinned", $"{Name}@{digest}")))}");
        Assert.Equal(digest, _shell.Digest(Name));
    }

    [ToolFact(Tool.Registry)]
    public void Missing_image_in_the_registry_is_an_error()
    {
        ShellResult result = _shell.Shell.Run("Save-BeeImage $missing, $name -Store $store", ("store", _shell.Store), ("missing", $"{_registry!.Host}/me/none:v1"), ("name", Publish()));

        ErrorRecord error = Assert.Single(result.Errors);
        Assert.StartsWith("Registry.NotFound", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Equal($"{_registry.Host}/me/none:v1", error.TargetObject);
        Assert.Single(result.Output);
    }

    [ToolFact(Tool.Registry)]
    public void Copy_between_registries_does_not_use_the_store()
    {
        using var other = DebianRegistry.Start();
        string digest = _shell.Digest("tool:v1");

        PSObject copy = Assert.Single(Objects(
            "Copy-BeeImage $name $target -Remote -Store $empty", ("name", Publish()), ("target", $"{other.Host}/their/tool:v9"), ("empty", _shell["empty"])));

        Assert.Equal(digest, $"{copy.Properties["Digest"].Value}");
        Assert.Equal(digest, $"{Assert.Single(Objects("(Find-BeeImage $target).Digest", ("target", $"{other.Host}/their/tool:v9")))}");
        Assert.False(Directory.Exists(_shell["empty"]));
    }

    [ToolFact(Tool.Registry)]
    public void Unknown_certificate_authority_is_rejected_unless_it_is_specified()
    {
        using var authority = new TestAuthority();
        using var secure = DebianRegistry.Start(new DebianRegistryOptions { Authority = authority });
        (string, object?)[] names = [("name", $"{secure.Host}/me/tool:v1"), ("file", authority.Certificate), ("store", _shell.Store)];

        Assert.StartsWith("Registry.", _shell.Error("Publish-BeeImage tool:v1 $name -Store $store", names).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Single(Objects("Publish-BeeImage tool:v1 $name -CACertificate $file -Store $store", names));

        ShellResult skipped = _shell.Shell.Run("Publish-BeeImage tool:v1 $name -SkipCertificateCheck -Store $store", names);
        Assert.Empty(skipped.Errors);
        Assert.Contains("is not verified", Assert.Single(skipped.Warnings), StringComparison.Ordinal);
    }

    private string Publish()
    {
        Objects("Publish-BeeImage tool:v1 -Destination $name -Store $store");
        return Name;
    }

    private IReadOnlyList<PSObject> Objects(string script, params (string, object?)[] variables) =>
        _shell.Objects(script, [("name", Name), ("source", _shell.Source), .. variables]);

    public void Dispose()
    {
        _registry?.Dispose();
        _shell.Dispose();
    }
}
