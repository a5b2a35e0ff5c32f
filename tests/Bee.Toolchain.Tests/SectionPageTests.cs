using System.Text.RegularExpressions;
using Bee.Ebpf.Objects;

namespace Bee.Toolchain.Tests;

/// <summary>The table of sections in docs/concepts.md lists what Bee attaches.</summary>
public class SectionPageTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Sources.Examples, "..", "docs", "concepts.md"));

    // The first column of the first table. Angle brackets mark placeholders.
    private static readonly string[] s_names =
    [
        .. s_page.Split('\n').SkipWhile(line => !line.StartsWith("| section |", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|'))
            .SelectMany(line => Regex.Matches(line.Split('|')[1], "`([^`]+)`").Select(match => match.Groups[1].Value.Split("/<")[0])),
    ];

    [Fact]
    public void Every_section_in_the_table_is_a_kind_that_Bee_attaches() => Assert.All(s_names, name => Assert.Single(ProgramKinds.All, kind => IsCalled(kind, name)));

    // For control groups, the table lists some kinds and "and more".
    [Fact]
    public void Every_kind_is_in_the_table_but_for_those_of_control_groups() =>
        Assert.DoesNotContain(ProgramKinds.All, kind => kind.Target != AttachTarget.Cgroup && !s_names.Any(name => IsCalled(kind, name)));

    private static bool IsCalled(ProgramKind kind, string name) => kind.Name == name || kind.Aliases.Contains(name);
}
