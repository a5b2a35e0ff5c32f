using Bee.Ebpf.Objects;
using Bee.VirtualMachine.Kernels;
using Bee.VirtualMachine.Machine;

namespace Bee.VirtualMachine.Compatibility;

/// <summary>Compares docs/compatibility.md with the kernels.</summary>
public class CompatibilityTests
{
    private static readonly Dictionary<string, string> s_sections = ProgramKinds.All.ToDictionary(kind => kind.Name, kind => kind.Section);

    private static readonly Lazy<string> s_page = new(ReadPage);

    [Fact]
    public void The_page_has_every_kind_of_program_and_no_other()
    {
        var page = CompatibilityPage.Parse(s_page.Value);

        Assert.Superset(DebianKernel.All.Select(kernel => kernel.Version).ToHashSet(), page.Keys.ToHashSet());
        Assert.All(page.Values, column => Assert.Equal(s_sections.Values.Order(StringComparer.Ordinal), column.Keys.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [KernelData]
    public void The_page_matches_the_kernel(string kernel)
    {
        var page = CompatibilityPage.Parse(s_page.Value)[kernel];
        GuestRun.Of(kernel).Assert("kinds");

        var differs = GuestRun.Of(kernel).Kinds.Where(result => page[s_sections[result.Kind]] != result.Attached).Select(result => $"{result.Kind}: {result.Message}");
        Assert.Empty(differs);
        Assert.Equal(s_sections.Count, GuestRun.Of(kernel).Kinds.Count);
    }

    // Updates the page if the environment asks for it, before the tests read it.
    private static string ReadPage()
    {
        if (Environment.GetEnvironmentVariable("BEE_UPDATE_DOCS") is null)
        {
            return File.ReadAllText(CompatibilityPage.File);
        }

        List<(string, IReadOnlyList<KindResult>)> columns = [.. DebianKernel.All.Select(kernel => (kernel.Version, GuestRun.Of(kernel.Version).Kinds)), (HostKinds.Kernel, HostKinds.Run())];
        string page = CompatibilityPage.Render(columns, s_sections);
        File.WriteAllText(CompatibilityPage.File, page);
        return page;
    }
}
