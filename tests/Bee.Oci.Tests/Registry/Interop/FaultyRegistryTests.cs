using System.Text;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Interop;

/// <summary>Checks that other clients can use the test registry too, without faults.</summary>
public sealed class FaultyRegistryTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bee-faulty-");

    [ToolTheory(Tool.Oras, Tool.Skopeo)]
    [InlineData(LocationStyle.Absolute, false)]
    [InlineData(LocationStyle.Root, true)]
    public void Oras_and_skopeo_take_it_for_a_registry(LocationStyle locations, bool queries)
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { Locations = locations, LocationQueries = queries });
        File.WriteAllText(In("one.txt"), "one");
        Oras("push", "--plain-http", $"{registry.Host}/a/b:v1", "one.txt:text/plain");
        Oras("attach", "--plain-http", "--artifact-type", "a/note", $"{registry.Host}/a/b:v1", "one.txt:text/plain");
        Assert.Contains("a/note", Oras("discover", "--plain-http", $"{registry.Host}/a/b:v1"), StringComparison.Ordinal);
        Oras("cp", "--from-plain-http", "--to-plain-http", "-r", $"{registry.Host}/a/b:v1", $"{registry.Host}/a/c:v2");
        Assert.Equal("v2\n", Oras("repo", "tags", "--plain-http", $"{registry.Host}/a/c"));
        Oras("pull", "--plain-http", "-o", "out", $"{registry.Host}/a/c:v2");
        Assert.Equal("one", File.ReadAllText(In("out/one.txt")));
        Assert.Equal(2, registry.Repository("a/c").Manifests.Count);

        string raw = Tool.Run(Tool.Skopeo, ["inspect", "--raw", "--tls-verify=false", $"docker://{registry.Host}/a/c:v2"]).Success;
        Assert.Equal(raw.TrimEnd('\n'), Encoding.UTF8.GetString(registry.Repository("a/c").Manifests[registry.Repository("a/c").Tags["v2"]].Bytes));
    }

    [ToolFact(Tool.Oras)]
    public void Without_the_API_oras_falls_back_to_the_tag()
    {
        using var registry = new FaultyRegistry(new FaultyRegistryOptions { ReferrersApi = false });
        File.WriteAllText(In("one.txt"), "one");
        Oras("push", "--plain-http", $"{registry.Host}/a:v1", "one.txt:text/plain");
        Oras("attach", "--plain-http", "--artifact-type", "a/note", $"{registry.Host}/a:v1", "one.txt:text/plain");
        Assert.Contains(registry.Repository("a").Tags["v1"].Replace(':', '-'), registry.Repository("a").Tags.Keys);
    }

    [ToolFact(Tool.Oras)]
    public void A_fault_that_is_injected_is_seen_and_counted()
    {
        using var registry = new FaultyRegistry();
        Injection injection = registry.Inject(Stage.PutManifest, Faults.Error(403, "DENIED", "not for you"));
        File.WriteAllText(In("one.txt"), "one");
        ToolRun run = Tool.Run(Tool.Oras, ["push", "--plain-http", $"{registry.Host}/a/b:v1", "one.txt:text/plain"], _folder.FullName);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("not for you", run.Messages, StringComparison.Ordinal);
        Assert.True(injection.Hits > 0);
        Assert.Empty(registry.Repository("a/b").Tags);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string In(string name) => Path.Combine(_folder.FullName, name);

    private string Oras(params string[] arguments) => Tool.Run(Tool.Oras, arguments, _folder.FullName).Success;
}
