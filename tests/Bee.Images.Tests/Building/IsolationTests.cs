using System.Reflection;
using System.Reflection.Emit;

namespace Bee.Images.Tests;

public sealed class IsolationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Older_package_in_the_session_does_not_affect_the_module() => BuildsBeside(Path.Combine(AppContext.BaseDirectory, "older", "YamlDotNet.dll"));

    [Fact]
    public void Newer_package_in_the_session_does_not_affect_the_module()
    {
        // An empty assembly with a version above any real one: it has none of the types.
        var name = new AssemblyName("YamlDotNet") { Version = new Version(99, 0, 0, 0) };
        var newer = new PersistedAssemblyBuilder(name, typeof(object).Assembly);
        newer.DefineDynamicModule("YamlDotNet").DefineType("Nothing").CreateType();
        newer.Save(_folder["YamlDotNet.dll"]);

        BuildsBeside(_folder["YamlDotNet.dll"]);
    }

    [Fact]
    public void Deps_folder_has_no_assembly_that_the_session_shares()
    {
        string[] shared = [.. Directory.GetFiles(BeeModule.Path, "*.dll").Select(file => Path.GetFileName(file))];
        string[] own = [.. Directory.GetFiles(Path.Combine(BeeModule.Path, "deps")).Select(file => Path.GetFileName(file))];

        Assert.Contains("YamlDotNet.dll", own);
        Assert.Empty(own.Intersect(shared));
        Assert.DoesNotContain(shared, file => !file.StartsWith("Bee.", StringComparison.Ordinal));
    }

    // The session loads its package before the module is imported, and the package is still its only copy afterwards.
    private void BuildsBeside(string package)
    {
        string source = _folder.Write("tool/tool.bpf.c", Sources.Program("raw_tp/sys_enter"));
        _folder.Write("tool/bee.yaml", "name: mine/isolated\n");

        ChildResult child = Child.Run($$"""
            (Invoke-BeeBuild '{{source}}' -Store '{{_folder["store"]}}').Reference
            $default = [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.Where{ $_.GetName().Name -eq 'YamlDotNet' }
            "$($default.Count) $($default[0].Location)"
            """, before: $"$null = [Reflection.Assembly]::LoadFrom('{package}')");

        Assert.Equal(string.Empty, child.Messages);
        Assert.Equal(["mine/isolated:latest", $"1 {package}"], child.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    public void Dispose() => _folder.Dispose();
}
