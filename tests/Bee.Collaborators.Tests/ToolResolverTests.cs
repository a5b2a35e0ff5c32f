using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Tools;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Oci.Trust;
using Bee.Toolchain.Manifest;

namespace Bee.Cmdlets.Collaborators.Tests;

public sealed class ToolResolverTests : IDisposable
{
    private readonly Workbench _bench = new();

    [Fact]
    public void Resolve_of_an_object_is_relative_to_the_sessions_location()
    {
        string path = _bench.Write("tool.o", Workbench.Object);

        Tool tool = _bench.Tools.Resolve("./tool.o", null)!;

        Assert.Equal(("tool", path, null), (tool.Name, tool.Origin, tool.Digest));
        Assert.Equal("program", Assert.Single(tool.File.Programs).Name);
    }

    [Theory]
    [InlineData("./src")]
    [InlineData("./src/tool.bpf.c")]
    public void Resolve_of_a_source_applies_its_manifest(string path)
    {
        string source = _bench.Write("src/tool.bpf.c", Sources.Program("raw_tp/sys_enter"));
        _bench.Write("src/bee.yaml", "programs: { program: { description: sees every call } }");

        Tool tool = _bench.Tools.Resolve(path, null)!;

        Assert.Equal(("tool", source, Path.GetDirectoryName(source)), (tool.Name, tool.Origin, tool.Folder));
        Assert.Equal("sees every call", Assert.Single(tool.File.Programs).Description);
        Assert.Empty(_bench.Session.Errors);
    }

    [Fact]
    public void Resolve_of_a_source_searches_the_include_folders_of_its_manifest()
    {
        string header = _bench.Write("headers/number.h", "#define NUMBER 7");
        string source = _bench.Write("src/tool.bpf.c", $"#include \"number.h\"\nint number = NUMBER;\n{Sources.Program("raw_tp/sys_enter")}");
        string manifest = _bench.Write("src/bee.yaml", "includes: ../headers");

        Assert.NotNull(_bench.Tools.Resolve(source, null));
        Assert.Equal(["/tmp", Path.GetDirectoryName(header)!], BuildSource.Find(source).Request(["/tmp"]).IncludeDirectories);

        File.WriteAllText(manifest, "includes: [../headers, nowhere]");
        var missing = Assert.Throws<ManifestException>(() => _bench.Tools.Resolve(source, null));
        Assert.Equal((1, 24), (missing.Line, missing.Column));
        Assert.Equal("FileNotFound", Assert.Throws<BeeInputException>(() => BuildSource.Find(_bench.Write("other/tool.c", "")).Request(["/no/such/folder"])).Id);
    }

    [Fact]
    public void Resolve_of_a_source_that_does_not_compile_reports_the_error_and_returns_null()
    {
        string source = _bench.Write("tool.c", "int broken(");

        Assert.Null(_bench.Tools.Resolve(source, null));

        Assert.All(_bench.Session.Errors, error => Assert.Equal(source, error.Target));
        Assert.IsType<CompilationException>(_bench.Session.Errors[0].Error);
    }

    [Fact]
    public void Resolve_of_a_local_image_sends_no_request()
    {
        Image image = _bench.Add(_bench.Remote());

        Tool tool = _bench.Tools.Resolve("tool:v1", null)!;

        Assert.Equal(("tool", image.Reference, image.Digest), (tool.Name, tool.Origin, tool.Digest));
        Assert.Empty(_bench.Registry.Requests);
    }

    [Fact]
    public void Resolve_of_a_missing_image_pulls_it()
    {
        Image image = _bench.Publish();

        Assert.Equal(image.Digest, _bench.Tools.Resolve($"{_bench.Remote()}", null)!.Digest);
        Assert.NotNull(_bench.Local.Stores.Find($"{_bench.Remote()}"));
    }

    [Fact]
    public void Resolve_with_the_policy_Never_pulls_nothing()
    {
        using var bench = new Workbench(pull: PullPolicy.Never);
        bench.Publish();
        int asked = bench.Registry.Requests.Count;

        var missing = Assert.Throws<BeeInputException>(() => bench.Tools.Resolve($"{bench.Remote()}", null));

        Assert.Equal("ImageNotFound", missing.Id);
        Assert.Equal(asked, bench.Registry.Requests.Count);
    }

    [Fact]
    public void Resolve_with_the_policy_Always_pulls_the_current_image_of_the_tag()
    {
        using var bench = new Workbench(pull: PullPolicy.Always);
        Image published = bench.Publish(description: "another");
        Assert.NotEqual(published.Digest, bench.Add(bench.Remote()).Digest);

        Assert.Equal(published.Digest, bench.Tools.Resolve($"{bench.Remote()}", null)!.Digest);
    }

    [Fact]
    public void Resolve_with_the_policy_Always_warns_of_a_file()
    {
        using var bench = new Workbench(pull: PullPolicy.Always);

        bench.Tools.Resolve(bench.Write("tool.o", Workbench.Object), null);

        Assert.Contains("a file has no registry", Assert.Single(bench.Session.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_rejects_an_image_for_another_platform_that_FindImage_returns()
    {
        var other = Platform.Parse(Platform.Host.Architecture == "arm64" ? "linux/amd64" : "linux/arm64");
        Image image = _bench.Add(ImageReference.Parse("tool:v1"), other);

        var refused = Assert.Throws<BeeInputException>(() => _bench.Tools.Resolve("tool:v1", null));

        Assert.Equal("OtherPlatform", refused.Id);
        Assert.Equal(image.Digest, _bench.Tools.FindImage("tool:v1", null)?.Digest);
    }

    [Fact]
    public void Resolve_of_a_file_throws_if_a_signature_is_required()
    {
        using var bench = new Workbench(new VerificationOptions { RequireSignature = true });
        string path = bench.Write("tool.o", Workbench.Object);

        Assert.Equal(TrustFault.Unverifiable, Assert.Throws<TrustException>(() => bench.Tools.Resolve(path, null)).Fault);
    }

    [Fact]
    public void Resolve_of_an_unknown_name_suggests_similar_images()
    {
        _bench.Add(ImageReference.Parse("opensnoop:v1"));

        var missing = Assert.Throws<BeeInputException>(() => _bench.Tools.Resolve("opensnop", null));

        Assert.Equal("ImageNotFound", missing.Id);
        Assert.Contains("opensnoop:v1", missing.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _bench.Dispose();
}
