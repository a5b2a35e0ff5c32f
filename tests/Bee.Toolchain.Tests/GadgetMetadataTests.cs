using Bee.Ebpf.Metadata;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Tests;

/// <summary>The metadata of Inspektor Gadget's images: known keys are read, and no content prevents a program from running.</summary>
public class GadgetMetadataTests
{
    /// <summary>A gadget.yaml with keys that Bee ignores.</summary>
    internal const string Whole = """
        name: trace groups
        description: who asks for process groups
        homepageURL: https://example.org/
        documentationURL: https://example.org/docs/groups
        sourceURL: https://example.org/tree/groups
        annotations: { ebpf.rest: "x" }
        datasources:
          groups:
            annotations:
              cli.clear-screen-before: "true"
            fields:
              timestamp:
                annotations: { columns.hidden: false }
              proc.comm:
                annotations: { template: comm, columns.width: 12 }
              error_raw:
                annotations: { columns.hidden: true }
              error:
                annotations:
                  description: What went wrong
                  columns.alignment: left
              asked:
                annotations: { description: Whom they ask for, columns.width: "9", columns.alignment: right }
              note:
                annotations: { columns.width: 64, columns.hidden: "true" }
              made_by_wasm:
                annotations: { description: Not in the record }
          callers:
            fields:
              pid: { annotations: { template: pid } }
          empty:
            fields:
        params:
          ebpf:
            targ_failed:
              key: only-failed
              defaultValue: "true"
              description: Only calls that failed
            targ_pid: { defaultValue: "" }
          custom:
            other: { description: Not the program's }
        """;

    /// <summary>The same for older images.</summary>
    internal const string Older = """
        name: trace groups
        tracers: { groups: { mapName: events, structName: event } }
        structs:
          event:
            fields:
            - name: asked
              description: Whom they ask for
              attributes: { width: 9, hidden: false, alignment: right, template: pid }
            - name: note
              attributes: { width: 64, hidden: true }
            - attributes: { width: 1 }
        ebpfParams:
          targ_failed: { key: only-failed, defaultValue: "false", description: Only calls that failed }
        """;

    private static GadgetMetadata Read(string text) => Isolated.Create<IGadgetMetadataReader>().Read("metadata", text);

    [Fact]
    public void Aliases_that_expand_beyond_memory_are_rejected()
    {
        IEnumerable<string> fields = Enumerable.Range(1, 60).Select(i => $"      f{i}: *f");
        IEnumerable<string> sources = Enumerable.Range(1, 60).Select(i => $"  s{i}: *s");
        string text = $"datasources:\n  s0: &s\n    fields:\n      f0: &f {{ annotations: {{ description: x }} }}\n{string.Join('\n', fields)}\n{string.Join('\n', sources)}\n";
        Assert.Contains("aliases", Assert.Throws<ManifestException>(() => Read(text)).Message, StringComparison.Ordinal);
        Assert.Equal("x", Read(text[..text.IndexOf("  s1:", StringComparison.Ordinal)]).Sources["s0"]["f60"].Description);
    }

    [Fact]
    public void Fields_and_parameters_are_read()
    {
        GadgetMetadata metadata = Read(Whole);
        Assert.Equal(
            ("trace groups", "who asks for process groups", "https://example.org/", "https://example.org/docs/groups", "https://example.org/tree/groups"),
            (metadata.Name, metadata.Description, metadata.Homepage, metadata.Documentation, metadata.Source));
        Assert.Equal(["callers", "empty", "groups"], metadata.Sources.Keys.Order());
        var fields = metadata.Sources["groups"];
        Assert.Equal(new FieldMetadata { Description = "Whom they ask for", Width = 9, AlignRight = true }, fields["asked"]);
        // Columns wider than a sixth of a screen are meant for terminals that stretch them.
        Assert.Equal(new FieldMetadata { Hidden = true }, fields["note"]);
        Assert.Equal(new FieldMetadata { Hidden = false }, fields["timestamp"]);
        Assert.Equal(new FieldMetadata { AlignRight = true }, metadata.Sources["callers"]["pid"]);
        Assert.Equal(new ParameterMetadata { Key = "only-failed", Default = "true", Description = "Only calls that failed" }, metadata.Parameters["targ_failed"]);
        // An empty value is not a default.
        Assert.Equal(new ParameterMetadata(), metadata.Parameters["targ_pid"]);
        Assert.Equal(["targ_failed", "targ_pid"], metadata.Parameters.Keys.Order());
    }

    [Fact]
    public void Older_images_say_it_of_structs()
    {
        GadgetMetadata metadata = Read(Older);
        Assert.Equal(["asked", "note"], metadata.Structs["event"].Keys.Order());
        Assert.Equal(new FieldMetadata { Description = "Whom they ask for", Width = 9, AlignRight = true, Hidden = false }, metadata.Structs["event"]["asked"]);
        Assert.Equal("only-failed", metadata.Parameters["targ_failed"].Key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("just a word")]
    [InlineData("[1, 2]")]
    [InlineData("datasources: 5\nparams: [a]\nstructs: { event: { fields: word } }\nebpfParams:")]
    [InlineData("datasources: { a: { fields: { b: 1, c: { annotations: [x] }, d: { annotations: { columns.width: many, columns.hidden: perhaps } } } } }")]
    public void Values_of_the_wrong_type_are_ignored(string text)
    {
        GadgetMetadata metadata = Read(text);
        Assert.Empty(metadata.Parameters);
        Assert.All(metadata.Sources.Values.SelectMany(fields => fields.Values), field => Assert.Equal(FieldMetadata.None, field));
    }

    [Theory]
    [InlineData("a: [")]
    [InlineData("{ : : }}")]
    [InlineData("a: &a\n  ? *a\n  : 1")]
    public void Invalid_YAML_is_rejected(string text) => Assert.Throws<ManifestException>(() => Read(text));

    [Fact]
    public void A_text_whose_aliases_say_more_than_it_has_room_for_is_refused()
    {
        string fields = string.Join(", ", Enumerable.Range(0, 4000).Select(i => $"f{i}: 1"));
        string sources = string.Join("\n", Enumerable.Range(0, 4000).Select(i => $"  s{i}: *one"));
        Assert.Throws<ManifestException>(() => Read($"one: &one {{ fields: {{ {fields} }} }}\ndatasources:\n{sources}"));
    }
}
