using Bee.Ebpf.Metadata;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Isolation;
using Bee.Toolchain.Manifest;

namespace Bee.Toolchain.Tests;

public class ManifestTests
{
    /// <summary>A bee.yaml with metadata of each kind, each key once.</summary>
    internal const string Parts = """
        sources: [a.bpf.c, sub/b.bpf.c]
        maps:
          hist_latency:
            kind: histogram
            help: Latency.
            unit: ns
            scale: { start: 5, step: 2.5 }
            labels: [comm]
            fields:
              comm: { description: Who., width: 12, align: right, order: 1, hidden: true }
          hist_sizes: { buckets: [1, 10, 1e3] }
        parameters:
          limits: { description: Bounds., default: { low: 1, names: [a, "true"], on: true } }
          pid: { default: 0x10 }
        programs:
          one: { description: First., attach: sched/sched_switch }
        includes: ../headers
        """;

    private static ProgramManifest Read(string text)
    {
        using var folder = new TemporaryFolder();
        return Isolated.Create<IManifestReader>().Read(folder.Write("bee.yaml", text));
    }

    [Fact]
    public void All_of_it_is_read()
    {
        var manifest = Read("""
            # comments are fine
            name: opensnoop
            description: Which files do processes open?
            authors: [Ann, "Bob <bob@example.org>"]
            license: Apache-2.0 OR GPL-2.0-only
            source: https://example.org/opensnoop
            defines:
              SIZE: 128
              DEBUG:
              NAME: "a b"
            """);

        Assert.Equal("opensnoop", manifest.Name);
        Assert.Equal("Which files do processes open?", manifest.Description);
        Assert.Equal(["Ann", "Bob <bob@example.org>"], manifest.Authors);
        Assert.Equal("Apache-2.0 OR GPL-2.0-only", manifest.License);
        Assert.Equal("https://example.org/opensnoop", manifest.Source);
        Assert.Equal(["SIZE=128", "DEBUG", "NAME=a b"], manifest.Defines);
    }

    [Fact]
    public void Metadata_of_the_parts_is_read()
    {
        var said = Read(Parts);

        Assert.Equal(["a.bpf.c", "sub/b.bpf.c"], said.Sources);
        Assert.Equal(["../headers"], said.Includes);
        var latency = said.Metadata.Maps["hist_latency"];
        Assert.Equal((MapRole.Histogram, "Latency.", "ns"), (latency.Kind, latency.Help, latency.Unit));
        Assert.Equal(new HistogramScale { Spacing = HistogramSpacing.Linear, Start = 5, Step = 2.5 }, latency.Scale);
        Assert.Equal(["comm"], latency.Labels);
        Assert.Equal(new FieldMetadata { Description = "Who.", Width = 12, AlignRight = true, Order = 1, Hidden = true }, latency.Fields["comm"]);
        Assert.Equal([1, 10, 1000], said.Metadata.Maps["hist_sizes"].Buckets);
        var limits = Assert.IsType<Dictionary<string, object?>>(said.Metadata.Parameters["limits"].Default);
        Assert.Equal(("1", "true"), (limits["low"], limits["on"]));
        Assert.Equal(["a", "true"], Assert.IsType<object[]>(limits["names"]));
        Assert.Equal("0x10", said.Metadata.Parameters["pid"].Default);
        Assert.Equal(("First.", "sched/sched_switch"), (said.Metadata.Programs["one"].Description, said.Metadata.Programs["one"].AttachTo));
        Assert.Equal(new ManifestPlace(10, 7), said.Places["maps/hist_latency/fields/comm"]);
        // A value without a position is reported at the enclosing one.
        Assert.Equal((3, 3), (said.Wrong("maps/hist_latency/help", "").Line, said.Wrong("maps/hist_latency/help", "").Column));
    }

    [Fact]
    public void Words_of_a_field_are_read() => Assert.Equal(new FieldMetadata { Words = true }, Read("maps: { print_x: { fields: { args: { words: true } } } }").Metadata.Maps["print_x"].Fields["args"]);

    [Fact]
    public void Alias_is_replaced_by_its_value() => Assert.Equal("Ann", Read("description: &who Ann\nlicense: *who\nname: x\n").License);

    [Theory]
    [InlineData("? &a [*a]\n: x\n")]
    [InlineData("maps: &a { *a : x }\n")]
    [InlineData("maps: &a\n  ? [*a]\n  : 1\n")]
    [InlineData("? &a {b: *a}\n: x\n")]
    [InlineData("? [1, 2]\n: x\n")]
    public void A_key_is_a_word_or_refused_before_it_can_be_in_itself(string text) =>
        Assert.Contains("a key must be a single word", Assert.Throws<ManifestException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("{}")]
    public void None_of_it_is_needed(string text) => Assert.Empty(Read(text).Authors);

    [Theory]
    [InlineData("A")]
    [InlineData("_a1=")]
    [InlineData("A=b c=d")]
    [InlineData("MAX(a,b)=((a) > (b) ? (a) : (b))")]
    public void Macros_that_clang_accepts_are_valid(string define) => Assert.Null(MacroDefinition.Fault(define));

    [Theory]
    [InlineData("A B")]
    [InlineData("9A")]
    [InlineData("=1")]
    [InlineData("-DA")]
    [InlineData("A-B=1")]
    public void Macros_that_clang_rejects_are_invalid(string define) => Assert.Contains("NAME=VALUE", MacroDefinition.Fault(define));

    [Fact]
    public void One_author_and_a_list_of_defines_do()
    {
        var manifest = Read("authors: Ann\ndefines:\n  - A\n  - B=2\n");

        Assert.Equal(["Ann"], manifest.Authors);
        Assert.Equal(["A", "B=2"], manifest.Defines);
    }

    [Theory]
    [InlineData("name: a\nautor: b\n", 2, 1, "autor")]
    [InlineData("name: [a]\n", 1, 7, "name must be text, not a list")]
    [InlineData("name: 42\n", 1, 7, "quotes")]
    [InlineData("description: a\nname: Two Words\n", 2, 7, "capital letters")]
    [InlineData("name: a\ndescription:\n", 2, 13, "no value")]
    [InlineData("license: true\n", 1, 10, "a boolean")]
    [InlineData("authors:\n  - a: b\n", 2, 5, "authors must be text, not a map")]
    [InlineData("defines: 3\n", 1, 10, "defines must be a list")]
    [InlineData("defines:\n  - A\n  - B C\n", 3, 5, "'B C' is not a macro")]
    [InlineData("defines:\n  9A: 1\n", 2, 3, "'9A=1' is not a macro")]
    [InlineData("defines:\n  A: [1]\n", 2, 6, "A must be a number or text")]
    [InlineData("- a\n", 1, 1, "not a list")]
    [InlineData("name: a\n---\nname: b\n", 3, 1, "second document")]
    [InlineData("name: a\nname: b\n", 2, 1, "")]
    [InlineData("name: 'a\n", 1, 7, "")]
    [InlineData("#\n: {\ne", 2, 3, "not valid YAML")]
    [InlineData("nam: a\n", 1, 1, "Is 'name' meant?")]
    [InlineData("maps:\n  m:\n    hlep: a\n", 3, 5, "Is 'help' meant?")]
    [InlineData("maps:\n  m:\n    fields:\n      f: { widht: 3 }\n", 4, 12, "Is 'width' meant?")]
    [InlineData("maps:\n  m: { kind: ring }\n", 2, 14, "kind must be print, counter, gauge, histogram or none, not 'ring'")]
    [InlineData("maps:\n  m: { entries: 4294967296 }\n", 2, 17, "from 1 to 4294967295")]
    [InlineData("maps:\n  m: { fields: { f: { width: 0 } } }\n", 2, 30, "from 1 to 80")]
    [InlineData("maps:\n  m: { fields: { f: { hidden: yes } } }\n", 2, 31, "true or false")]
    [InlineData("maps:\n  m: { fields: { f: { words: 1 } } }\n", 2, 30, "true or false")]
    [InlineData("maps:\n  m: { buckets: [1, 5, 5] }\n", 2, 24, "ascending")]
    [InlineData("maps:\n  m: { buckets: [1], scale: log2 }\n", 2, 6, "not both")]
    [InlineData("maps:\n  m: { labels: [a, a] }\n", 2, 20, "twice")]
    [InlineData("maps:\n  m: { scale: { step: 0 } }\n", 2, 23, "more than 0")]
    [InlineData("maps:\n  m:\n  n: {}\n", 2, 5, "not nothing")]
    [InlineData("maps: [a]\n", 1, 7, "not a list")]
    [InlineData("parameters:\n  p: { default: }\n", 2, 17, "no value")]
    [InlineData("programs:\n  p: { attach: 5 }\n", 2, 16, "attach must be text")]
    [InlineData("sources: []\n", 1, 10, "empty")]
    [InlineData("sources:\n  - a.bpf.c\n  - /b.c\n", 3, 5, "relative")]
    [InlineData("sources: [a.c, a.c]\n", 1, 16, "twice")]
    [InlineData("includes: [include, /usr/include]\n", 1, 21, "relative")]
    [InlineData("sources: a.h\n", 1, 10, "not the relative path of a C file")]
    [InlineData("platforms: []\n", 1, 12, "empty")]
    [InlineData("platforms:\n  - linux/amd64\n  - windows/amd64\n", 3, 5, "eBPF programs require linux")]
    [InlineData("platforms: sparc\n", 1, 12, "does not name an architecture")]
    public void Error_has_its_position(string text, int line, int column, string problem)
    {
        var wrong = Assert.Throws<ManifestException>(() => Read(text));

        Assert.Contains(problem, wrong.Message);
        Assert.Equal((line, column), (wrong.Line, wrong.Column));
        Assert.StartsWith($"{wrong.Path}:{line}:{column}: ", wrong.Message);
    }

    [Theory]
    [InlineData("parameters: { p: { default: &a [ *a ] } }\n")]
    [InlineData("name: &a x\nparameters:\n  p:\n    default: [&b [&c [&d [&e [1,1,1,1,1,1,1,1,1,1], *e, *e, *e, *e, *e, *e, *e, *e, *e], *d, *d, *d, *d, *d, *d, *d, *d, *d], *c, *c, *c, *c, *c, *c, *c, *c, *c], *b, *b, *b, *b, *b, *b, *b, *b, *b]\n")]
    public void Aliases_without_end_do_not_end_it_either(string text) => Assert.Throws<ManifestException>(() => Read(text));

    [Theory]
    [InlineData("description: \"Which programs?\"*a\n")]
    [InlineData("maps:\n  m: { help: text }*a\n")]
    [InlineData("maps: { m: { buckets: [1, 1: { buckets: [1, 10, 1e3] }\n")]
    public void Exceptions_of_the_YAML_package_become_errors_with_a_position(string text) =>
        Assert.True(Assert.Throws<ManifestException>(() => Read(text)).Line > 0);

    [Fact]
    public void Oversized_file_is_rejected() =>
        Assert.Contains("larger", Assert.Throws<ManifestException>(() => Read("#" + new string(' ', 1 << 20))).Message);

    [Fact]
    public void Brackets_without_end_do_not_end_the_process() =>
        Assert.Contains("deep", Assert.Throws<ManifestException>(() => Read("name: " + new string('[', 200_000))).Message);
}
