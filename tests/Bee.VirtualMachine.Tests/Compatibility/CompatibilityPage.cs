using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Bee.VirtualMachine.Machine;

namespace Bee.VirtualMachine.Compatibility;

/// <summary>Writes docs/compatibility.md from the results of a run, and reads it for the comparison with a later run.</summary>
internal static partial class CompatibilityPage
{
    /// <summary>The path of the page.</summary>
    public static string File { get; } = Path.Combine(Project.Root, "docs", "compatibility.md");

    private const string Before = """
        # Compatibility

        The program kinds that each kernel supports. The tests run a program of each kind, on 6.1 and 6.12 in
        virtual machines and on 6.18 directly, and write this page:

        - **6.1** is Debian 12's kernel for virtual machines (`linux-image-cloud-amd64`), **6.12** Debian
          13's. Both have kprobes and BPF trampolines, and run with BPF as a security module (`lsm=…,bpf` on
          the kernel's command line). Most other distributions also enable CONFIG_FPROBE, unlike Debian's 6.1.
        - **6.18** is a small kernel, built without kprobes and without BPF trampolines.

        A kernel's configuration matters as much as its version: `Test-BeeHost` reports that of the running
        kernel, and `Test-BeeImage` whether it can run an image.

        Tools are compiled once: all examples, compiled with the types of 6.18, load and attach unchanged on
        6.1 and 6.12 (CO-RE).

        ## Kinds of programs

        """;

    private const string After = """

        `BEE_UPDATE_DOCS=1 dotnet test tests/Bee.VirtualMachine.Tests --filter Compatibility` writes this
        page, as root. Without the variable, the same test fails if a virtual machine and the page disagree.

        """;

    /// <summary>Returns the page for these kernels, in their order.</summary>
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

    /// <summary>Reads a page: by kernel and section, whether the program was attached.</summary>
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

        // Omits the name of the test's program, which has no meaning for a reader; the table has section and type.
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
