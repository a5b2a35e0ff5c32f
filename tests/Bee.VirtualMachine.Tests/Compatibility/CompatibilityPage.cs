using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Bee.VirtualMachine.Machine;

namespace Bee.VirtualMachine.Compatibility;

/// <summary>docs/compatibility.md: what each kernel takes. Written from a real run, and read again by the test that keeps it true.</summary>
internal static partial class CompatibilityPage
{
    /// <summary>The page's file.</summary>
    public static string File { get; } = Path.Combine(Project.Root, "docs", "compatibility.md");

    private const string Before = """
        # Compatibility

        Which kinds of programs which kernel takes, from a real run of a program of each kind, by the tests in virtual machines and on the kernel that the last
        column names:

        - **6.1** is Debian 12's kernel for virtual machines (`linux-image-cloud-amd64`), **6.12** Debian 13's. Both have kprobes, BPF trampolines and BPF among their security modules
          (`lsm=…,bpf` on the kernel's command line, for programs of `lsm`). Other distributions' kernels are built alike, most of them with
          CONFIG_FPROBE too, which Debian's 6.1 lacks.
        - **6.18** is a small kernel, built without kprobes and without BPF trampolines.

        A kernel's own configuration decides as much as its version: `Test-BeeHost` tells what the running one
        has, and `Test-BeeImage` whether it can run an image.

        Programs are compiled once: all examples, compiled with the types of 6.18, load and attach on 6.1 and 6.12 as they are (CO-RE).

        ## Kinds of programs

        """;

    private const string After = """

        This page is made by `BEE_UPDATE_DOCS=1 dotnet test tests/Bee.VirtualMachine.Tests --filter Compatibility`, as root; the same test without the variable fails when a kernel of the virtual machines
        and the page disagree.

        """;

    /// <summary>The page for these kernels, in their order.</summary>
    public static string Render(IReadOnlyList<(string Kernel, IReadOnlyList<KindResult> Kinds)> columns, IReadOnlyDictionary<string, string> sections)
    {
        var reasons = new List<string>();
        var page = new StringBuilder(Before.ReplaceLineEndings("\n")).Append("\n| section |").AppendJoin("", columns.Select(column => $" {column.Kernel} |"))
            .Append("\n|---|").AppendJoin("", columns.Select(_ => "---|")).Append('\n');
        foreach ((string kind, string section) in sections)
        {
            page.Append("| `").Append(section).Append("` |");
            foreach ((_, IReadOnlyList<KindResult> kinds) in columns)
            {
                page.Append(' ').Append(Cell(kinds.Single(result => result.Kind == kind), reasons)).Append(" |");
            }

            page.Append('\n');
        }

        page.Append("\nWhy:\n\n");
        for (int i = 0; i < reasons.Count; i++)
        {
            page.Append(CultureInfo.InvariantCulture, $"{i + 1}. {reasons[i]}\n");
        }

        return page.Append(After.ReplaceLineEndings("\n")).ToString();
    }

    /// <summary>Reads a page: kernel, then section, then true where the cell says that it attached.</summary>
    public static Dictionary<string, Dictionary<string, bool>> Parse(string page)
    {
        string[][] rows = [.. page.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))];
        return rows[0].Select((kernel, i) => (kernel, i)).Skip(1).ToDictionary(
            column => column.kernel,
            column => rows.Skip(1).ToDictionary(row => row[0].Trim('`'), row => row[column.i] == "attached"));
    }

    private static string Cell(KindResult result, List<string> reasons)
    {
        if (result.Attached)
        {
            return "attached";
        }

        // The tests' program has no name that means anything to a reader, and section and type stand in the table.
        string reason = OwnProgram().Replace(result.Message, "a program ");
        reason = (char.ToUpperInvariant(reason[0]) + reason[1..] + " " + result.Remedy).Replace(" :", ":", StringComparison.Ordinal).Trim();
        int number = reasons.IndexOf(reason);
        if (number < 0)
        {
            number = reasons.Count;
            reasons.Add(reason);
        }

        return string.Create(CultureInfo.InvariantCulture, $"refused ({number + 1})");
    }

    [GeneratedRegex(@"[Pp]rogram 'probe' \([^)]*\) ?")]
    private static partial Regex OwnProgram();
}
