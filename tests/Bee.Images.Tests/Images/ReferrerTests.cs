using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>-IncludeReferrers: artifacts that oras attached to an image are transferred with it, but only on request.</summary>
public sealed class ReferrerTests : IDisposable
{
    private const string Bill = "application/spdx+json";

    private readonly RegistryShell _shell = new();
    private readonly FaultyRegistry _registry = new();

    private string Name => $"{_registry.Host}/me/tool:v1";

    private string Attestations => _shell.Digest("tool:v1").Replace(':', '-') + ".att";

    public ReferrerTests() => File.WriteAllText(_shell["bill.json"], "{\"spdxVersion\":\"SPDX-2.3\"}");

    [ToolTheory(Tool.Oras)]
    [InlineData(true)]
    [InlineData(false)]
    public void Referrers_are_transferred_through_the_store_to_another_registry(bool referrersApi)
    {
        Attach();
        using var other = new FaultyRegistry(new FaultyRegistryOptions { ReferrersApi = referrersApi });

        Objects("$null = Save-BeeImage $name -Store $new; $null = Publish-BeeImage $name $other -Store $new -IncludeReferrers", other);
        AssertNone(other);

        Objects("$null = Save-BeeImage $name -Store $new -IncludeReferrers; $null = Publish-BeeImage $name $other -Store $new", other);
        AssertNone(other);
        Assert.Single(_shell.Objects("Get-BeeImage -Store $new", ("new", _shell["new"])));

        Objects("$null = Publish-BeeImage $name $other -Store $new -IncludeReferrers", other);
        AssertAll(other);

        // Removing the image's last name deletes them all from the store.
        Objects("Remove-BeeImage $name -Store $new", other);
        Assert.Empty(Directory.GetFiles(_shell["new/blobs"], "*", SearchOption.AllDirectories));
    }

    [ToolFact(Tool.Oras)]
    public void Referrers_are_copied_between_registries_and_through_an_archive()
    {
        Attach();
        using var other = new FaultyRegistry();
        Objects("$null = Copy-BeeImage $name $other -Remote", other);
        AssertNone(other);
        Objects("$null = Copy-BeeImage $name $other -Remote -IncludeReferrers", other);
        AssertAll(other);

        using var third = new FaultyRegistry();
        Objects(
            "$null = Save-BeeImage $name -Store $new -IncludeReferrers; $null = Export-BeeImage $name $file -Store $new; $null = Import-BeeImage $file -Store $empty; $null = Publish-BeeImage $name $other -Store $empty -IncludeReferrers",
            third);
        AssertAll(third);
    }

    private void Attach()
    {
        Objects("$null = Publish-BeeImage tool:v1 $name -Store $store", _registry);
        Oras("attach", "--plain-http", "--artifact-type", Bill, Name, "bill.json:application/json");
        Oras("push", "--plain-http", $"{_registry.Host}/me/tool:{Attestations}", "bill.json:application/vnd.dsse.envelope.v1+json");
    }

    private static void AssertNone(FaultyRegistry registry)
    {
        Assert.Equal(["v1"], registry.Repository("we/tool").Tags.Keys);
        Assert.Single(registry.Repository("we/tool").Manifests);
    }

    private void AssertAll(FaultyRegistry registry)
    {
        Assert.Contains(Bill, Oras("discover", "--plain-http", "--format", "json", $"{registry.Host}/we/tool:v1"), StringComparison.Ordinal);
        Oras("pull", "--plain-http", "--output", "pulled", $"{registry.Host}/we/tool:{Attestations}");
        Assert.Equal(File.ReadAllText(_shell["bill.json"]), File.ReadAllText(_shell["pulled/bill.json"]));
        Directory.Delete(_shell["pulled"], recursive: true);
    }

    private string Oras(params string[] arguments) => Tool.Run(Tool.Oras, arguments, Path.GetDirectoryName(_shell["bill.json"])!).Success;

    private void Objects(string script, FaultyRegistry other) => _shell.Objects(
        script, ("name", Name), ("other", $"{other.Host}/we/tool:v1"), ("new", _shell["new"]), ("empty", _shell["empty"]), ("file", _shell["x.tar"]));

    public void Dispose()
    {
        _registry.Dispose();
        _shell.Dispose();
    }
}
