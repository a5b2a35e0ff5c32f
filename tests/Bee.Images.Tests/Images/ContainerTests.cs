using Bee.Foreign;

namespace Bee.Images.Tests;

/// <summary>New-BeeContainer and New-BeeDeployment without a container engine. tests/Bee.Deployments.Tests runs the results.</summary>
public sealed class ContainerTests : IDisposable
{
    private readonly RegistryShell _shell = new();

    [Theory]
    [InlineData("New-BeeContainer tool:v1 -Tag x:v1 -Store $store", "BaseNotFound")]
    [InlineData("New-BeeContainer tool:v1 -Tag x:v1 -Base none:v1 -Store $store", "ImageNotFound")]
    [InlineData("New-BeeContainer tool:v1 -Tag x:v1 -Base tool:v1 -Store $store", "Store.NotABase")]
    [InlineData("New-BeeContainer none:v1 -Tag x:v1 -Store $store", "ImageNotFound")]
    [InlineData("New-BeeContainer $source -Tag x:v1 -Store $store", "NotAnImage")]
    [InlineData("New-BeeContainer tool:v1 -Tag 'X y' -Store $store", "Store.BadReference")]
    [InlineData("New-BeeDeployment tool:v1 -Kind DaemonSet -Store $store", "NotAContainer")]
    [InlineData("New-BeeDeployment tool:v1 -Kind Systemd -Name Not_a_name -Store $store", "BadName")]
    [InlineData("New-BeeDeployment tool:v1 -Kind Systemd -Parameter @{ nosuch = 1 } -Store $store", "ParameterNotFound")]
    public void Invalid_input_is_an_error_and_nothing_is_stored(string script, string id)
    {
        Assert.Equal(id, _shell.Error(script, ("source", _shell.Source)).FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal(["tool:v1"], _shell.Objects("(Get-BeeImage -Store $store).Reference").Select(name => $"{name}"));
    }

    [Fact]
    public void Container_has_the_capabilities_of_its_tool_and_additional_labels()
    {
        AddBase();
        var made = Assert.Single(_shell.Objects("New-BeeContainer tool:v1 -Tag reg.example.com/x:v1 -Base base:v1 -Label @{ team = 'ops' } -Store $store"));
        var labels = (IReadOnlyDictionary<string, string>)made.Properties["Labels"].Value;
        Assert.Equal(("CAP_PERFMON,CAP_BPF", "", "false", "tool:v1", "ops"), (labels["bee.tool.capabilities"], labels["bee.tool.mounts"], labels["bee.tool.host-network"], labels["bee.tool.reference"], labels["team"]));
        string manifest = $"{Assert.Single(_shell.Objects("New-BeeDeployment reg.example.com/x:v1 -Kind DaemonSet -Name probe -ArgumentList --map, print_events -Store $store"))}";
        Assert.Contains($"image: \"reg.example.com/x@{made.Properties["Digest"].Value}\"\n", manifest, StringComparison.Ordinal);
        Assert.Contains("            - \"--map\"\n            - print_events\n", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain("volumeMounts", manifest, StringComparison.Ordinal);
        Assert.DoesNotContain("SYS_ADMIN", manifest, StringComparison.Ordinal);
        Assert.Equal("NotAProgram", _shell.Error("New-BeeDeployment reg.example.com/x:v1 -Kind Systemd -Store $store").FullyQualifiedErrorId.Split(',')[0]);
    }

    [Fact]
    public void Workload_with_statistics_has_their_capability()
    {
        AddBase();
        _shell.Objects("$null = New-BeeContainer tool:v1 -Tag reg.example.com/x:v1 -Base base:v1 -Store $store");
        string manifest = $"{Assert.Single(_shell.Objects("New-BeeDeployment reg.example.com/x:v1 -Kind DaemonSet -ArgumentList --max-overhead, 1% -Store $store"))}";
        Assert.Contains("- SYS_ADMIN\n", manifest, StringComparison.Ordinal);
        string unit = $"{Assert.Single(_shell.Objects("New-BeeDeployment tool:v1 -Kind Systemd -ArgumentList --max-overhead=0.5% -Store $store"))}";
        Assert.Matches(@"\nExecStart=.* ""?--max-overhead=0\.5%%""?\n", unit);
        Assert.Matches(@"\nCapabilityBoundingSet=.*CAP_SYS_ADMIN", unit);
        Assert.Contains("SYS_ADMIN", $"{Assert.Single(_shell.Objects("New-BeeDeployment tool:v1 -Kind Systemd -ArgumentList --statistics -Store $store"))}", StringComparison.Ordinal);
        Assert.Equal("Usage", _shell.Error("New-BeeDeployment tool:v1 -Kind Systemd -ArgumentList --max-overheat, 1% -Store $store").FullyQualifiedErrorId.Split(',')[0]);
    }

    [Fact]
    public void WhatIf_builds_nothing()
    {
        AddBase();
        Assert.Empty(_shell.Objects("New-BeeContainer tool:v1 -Tag x:v1 -Base base:v1 -Store $store -WhatIf; New-BeeDeployment tool:v1 -Kind Systemd -OutFile $file -Store $store -WhatIf", ("file", _shell["x.service"])));
        Assert.False(File.Exists(_shell["x.service"]));
        Assert.Equal(2, _shell.Objects("Get-BeeImage -Store $store").Count);
    }

    public void Dispose() => _shell.Dispose();

    // The base image is written as the layout of another tool, and imported.
    private void AddBase()
    {
        new ForeignLayout(_shell["layout"]).AddBase("base:v1", ForeignLayout.Layer(("bin/run", "#!/bin/sh\n"u8.ToArray())), ["amd64", "arm64"]);
        _shell.Objects("$null = Import-BeeImage $layout -Store $store", ("layout", _shell["layout"]));
    }
}
