using System.Text.RegularExpressions;
using Bee.Ebpf;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Tests;

/// <summary>The example in docs/manifest.md is valid.</summary>
public class ManifestPageTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Sources.Examples, "..", "docs", "manifest.md"));

    private static string[] Blocks(string language) => [.. Regex.Matches(s_page, $"^```{language}\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline).Select(match => match.Groups[1].Value)];

    [Fact]
    public void Every_yaml_on_it_is_read() => Assert.All(Blocks("yaml"), text => Read(text));

    [KernelFact]
    public void The_whole_example_says_what_is_true_and_loads()
    {
        var file = Sources.Compile(Blocks("c")[0]);
        var manifest = Read(Blocks("yaml")[0]);

        Assert.Empty(manifest.Check(file));
        using var session = BpfSession.Load(file.WithMetadata(manifest.Metadata), new BpfSessionOptions());
        Assert.Equal(MapRole.Counter, session.File.Maps.Single(map => map.Name == "opens_by").Role);
        Assert.Equal(1_500_000ul, BitConverter.ToUInt64(ParameterEncoder.Default(session.File.Parameters.Single(parameter => parameter.Name == "slower_than"))));
    }

    [CompileFact]
    public void The_error_on_it_is_what_Bee_says()
    {
        var text = Blocks("yaml")[0].Replace("      path:", "      pth:", StringComparison.Ordinal);
        var wrong = Assert.Single(Read(text).Check(Sources.Compile(Blocks("c")[0])));

        Assert.Contains($"/bee.yaml:{wrong.Line}:{wrong.Column}: {wrong.Message[(wrong.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..]}", Blocks("text")[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Every_key_of_the_schema_is_on_it()
    {
        var schema = File.ReadAllText(Path.Combine(Sources.Examples, "..", "docs", "bee.schema.json"));
        foreach (Match key in Regex.Matches(schema, "\"([a-z]+)\": \\{ \"(type|\\$ref|enum)\""))
        {
            Assert.True(key.Groups[1].Value is "items" || Regex.IsMatch(s_page, $"\\b{key.Groups[1].Value}\\b"), key.Groups[1].Value);
        }
    }

    private static ProgramManifest Read(string text)
    {
        using var folder = new TemporaryFolder();
        return Isolated.Create<IManifestReader>().Read(folder.Write("bee.yaml", text));
    }
}
