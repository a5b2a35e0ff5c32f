namespace Bee.Toolchain.Tests;

public class ManifestTests
{
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

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("{}")]
    public void None_of_it_is_needed(string text) => Assert.Empty(Read(text).Authors);

    [Fact]
    public void One_author_and_a_list_of_defines_do()
    {
        var manifest = Read("authors: Ann\ndefines:\n  - A\n  - B=2\n");

        Assert.Equal(["Ann"], manifest.Authors);
        Assert.Equal(["A", "B=2"], manifest.Defines);
    }

    [Theory]
    [InlineData("name: a\nautor: b\n", 2, 1, "autor")]
    [InlineData("name: [a]\n", 1, 7, "name is text, not a list")]
    [InlineData("name: 42\n", 1, 7, "quotes")]
    [InlineData("name: a\ndescription:\n", 2, 13, "no value")]
    [InlineData("license: true\n", 1, 10, "a truth value")]
    [InlineData("authors:\n  - a: b\n", 2, 5, "authors is text, not a map")]
    [InlineData("defines: 3\n", 1, 10, "defines is a list")]
    [InlineData("defines:\n  A: [1]\n", 2, 6, "A is a number or text")]
    [InlineData("- a\n", 1, 1, "a list where keys")]
    [InlineData("name: a\n---\nname: b\n", 3, 1, "second document")]
    [InlineData("name: a\nname: b\n", 2, 1, "")]
    [InlineData("name: 'a\n", 1, 7, "")]
    public void What_is_wrong_has_its_place(string text, int line, int column, string problem)
    {
        var wrong = Assert.Throws<ManifestException>(() => Read(text));

        Assert.Contains(problem, wrong.Message);
        Assert.Equal((line, column), (wrong.Line, wrong.Column));
        Assert.StartsWith($"{wrong.Path}:{line}:{column}: ", wrong.Message);
    }

    [Fact]
    public void Brackets_without_end_do_not_end_the_process() =>
        Assert.Contains("deep", Assert.Throws<ManifestException>(() => Read("name: " + new string('[', 200_000))).Message);
}
