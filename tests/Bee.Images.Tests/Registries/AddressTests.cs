using System.Net;
using Bee.Registries;

namespace Bee.Images.Tests;

/// <summary>Registries with an IPv6 address: the brackets are not wildcards, and the colons do not separate a provider.</summary>
public sealed class AddressTests : IDisposable
{
    private readonly RegistryShell _shell = new();
    private readonly FaultyRegistry _registry = new(new FaultyRegistryOptions { Address = IPAddress.IPv6Loopback });

    public AddressTests() => Objects("$null = Copy-BeeImage tool:v1 $name -Store $store; $null = Publish-BeeImage $name -Store $store");

    private string Name => $"{_registry.Host}/me/tool:v1";

    [Fact]
    public void Image_of_an_ipv6_registry_is_pulled_and_tested_by_tag_and_by_digest()
    {
        string digest = _shell.Digest(Name);
        Objects("Remove-BeeImage $name -Store $store");

        Assert.Equal(["True", "True"], Objects("Test-BeeImage $name -Pull Missing -Quiet -Store $store; Test-BeeImage $pinned -Quiet -Store $store", ("pinned", $"{_registry.Host}/me/tool@{digest}")).Select(value => $"{value}"));
        Assert.Equal(digest, _shell.Digest(Name));
    }

    [Theory]
    [InlineData("Get-BeeImage $name")]
    [InlineData("Get-BeeImage $registry/*")]
    [InlineData("Get-BeeImage $registry/m?/[s-t]ool*")]
    [InlineData("Publish-BeeImage $registry/me/*")]
    [InlineData("Save-BeeImage $name")]
    public void Command_finds_the_image_of_an_ipv6_registry(string command)
    {
        Assert.Equal(Name, $"{Assert.Single(Objects($"({command} -Store $store).Reference"))}");
    }

    [Fact]
    public void Image_of_an_ipv6_registry_is_found_copied_exported_and_removed()
    {
        string other = $"{_registry.Host}/me/other:v2";

        Assert.Equal(Name, $"{Assert.Single(Objects("(Find-BeeImage $registry/me/*:v*).Reference"))}");
        Assert.Equal(other, $"{Assert.Single(Objects("(Copy-BeeImage $name $other -Store $store).Reference", ("other", other)))}");
        Assert.Equal(other, $"{Assert.Single(Objects("(Copy-BeeImage $name $other -Remote).Reference", ("other", other)))}");
        Objects("$null = Export-BeeImage $registry/me/o* $file -Store $store; Remove-BeeImage $registry/* -Store $store", ("file", _shell["six.tar"]));
        Assert.Empty(Objects("Get-BeeImage $registry/* -Store $store"));
        Assert.Equal(other, $"{Assert.Single(Objects("(Import-BeeImage $file -Store $store).Reference", ("file", _shell["six.tar"])))}");
    }

    [Theory]
    [InlineData("Import-BeeImage $name -Store $store")]
    [InlineData("Invoke-BeeBuild $name -Store $store")]
    [InlineData("New-BeeProgram $name")]
    public void Command_that_expects_a_path_rejects_the_name_with_one_error(string command)
    {
        Assert.StartsWith("FileNotFound", _shell.Error(command, ("name", Name)).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _registry.Dispose();
        _shell.Dispose();
    }

    private IReadOnlyList<System.Management.Automation.PSObject> Objects(string script, params (string, object?)[] variables)
        => _shell.Objects(script, [("name", Name), ("registry", _registry.Host), .. variables]);
}
