using System.Diagnostics;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Targets in a process with other files: another mount namespace, another root folder, replaced files.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class OtherRootTests : IDisposable
{
    private const string Source = """
        #include <stdio.h>
        #define NAME(x) x
        #define PROBE(provider, name, value) __asm__ volatile("990: nop\n.pushsection .note.stapsdt,\"?\",\"note\"\n.balign 4\n.4byte 992f-991f, 994f-993f, 3\n991: .asciz \"stapsdt\"\n992: .balign 4\n993: .8byte 990b\n.8byte _.stapsdt.base\n.8byte 0\n.asciz \"" provider "\"\n.asciz \"" name "\"\n.asciz \"-4@%0\"\n994: .balign 4\n.popsection\n.ifndef _.stapsdt.base\n.pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n.weak _.stapsdt.base\n.hidden _.stapsdt.base\n_.stapsdt.base: .space 1\n.size _.stapsdt.base, 1\n.popsection\n.endif\n" ::"r"(value))
        __attribute__((noinline)) int step(int value) { PROBE("bee", "one", value); return value + 1; }
        int main(void) { for (int c, n = 0; (c = getchar()) != EOF;) { n += step(2); printf("%d\n", n); fflush(stdout); } return 0; }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("bee-root-").FullName;
    private readonly List<Process> _processes = [];

    // A mount namespace with another build of the program under a path that also exists here, and one below /only.
    private string Root => Path.Combine(_folder, "root");

    private string Program => Path.Combine(_folder, "tool");

    [KernelTheory]
    [InlineData("uprobe")]
    [InlineData("uretprobe")]
    [InlineData("uprobe.multi")]
    public void Attach_to_a_process_uses_the_file_of_its_mount_namespace(string kind)
    {
        var process = InMountNamespace();
        var warnings = Count(kind, process, $"{Program}:step", () => Step(process, 3), 3);
        Assert.Empty(warnings);
    }

    [KernelFact]
    public void Attach_finds_a_static_probe_in_another_mount_namespace()
    {
        var process = InMountNamespace();
        var warnings = new List<string>();
        Counting.Run(Fixture.Compile("usdt", UserTargetTests.Probes), Options(process, $"{Program}:bee:one", warnings, "probe"), session =>
        {
            Step(process, 3);
            Assert.Equal(3ul, session.Counts()[2]);
        });
        Assert.Empty(warnings);
    }

    [KernelTheory]
    [InlineData("/only/tool:step")]
    [InlineData("/link/tool:step")]
    [InlineData("tool:step")]
    [InlineData("/only/tool:st*")]
    public void Attach_finds_a_file_that_only_the_process_has(string target)
    {
        var process = InRoot();
        Assert.Empty(Count("uprobe", process, target, () => Step(process, 2), 2));
    }

    [KernelFact]
    public void Attach_finds_the_running_file_by_a_path_of_this_process()
    {
        var process = InRoot();
        Assert.Empty(Count("uprobe", process, $"{Root}/only/tool:step", () => Step(process, 2), 2));
    }

    [KernelFact]
    public void Attach_uses_the_running_file_after_its_replacement()
    {
        Compile(Program, "");
        var process = Start(Program);
        File.Delete(Program);
        Compile(Program, "int other(int x) { return x; }");
        Assert.Empty(Count("uprobe", process, $"{Program}:step", () => Step(process, 2), 2));
    }

    [KernelTheory]
    [InlineData("libc")]
    [InlineData("libc.so.6")]
    public void Attach_by_library_name_uses_the_mapped_file(string library)
    {
        Compile(Program, "");
        var process = Start(Program);
        Assert.Empty(Count("uprobe", process, $"{library}:fflush", () => Step(process, 2), 2));
    }

    [KernelFact]
    public void Attach_warns_if_the_process_has_not_mapped_the_file()
    {
        Compile(Program, "");
        var other = Path.Combine(_folder, "unused");
        Compile(other, "");
        var process = Start(Program);
        Assert.Contains($"has not mapped {other}", Assert.Single(Count("uprobe", process, $"{other}:step", () => Step(process, 1), 0)), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("uprobe")]
    [InlineData("uprobe.multi")]
    public void Attach_reports_an_exited_process(string kind)
    {
        Compile(Program, "");
        var process = Start(Program);
        using var session = BpfSession.Load(Counting.Object(($"{kind}/x:y", "void", "return 0;")), Options(process, $"{Program}:step", []));
        End(process);

        Assert.Equal(LoadFault.NoProcess, Assert.Throws<BpfLoadException>(session.Attach).Fault);
    }

    [KernelFact]
    public void Attach_reports_a_file_that_does_not_exist_for_the_process()
    {
        var process = InRoot();
        using var session = BpfSession.Load(Counting.Object(("uprobe/x:y", "void", "return 0;")), Options(process, "/no/such/tool:step", []));
        var error = Assert.Throws<BpfLoadException>(session.Attach);

        Assert.Equal(LoadFault.NoTarget, error.Fault);
        Assert.Contains($"process {process.Id}", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            End(process);
            process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    // This process has another build under the same path.
    private Process InMountNamespace()
    {
        Compile(Program, "int other(int x) { return x; }");
        var theirs = Path.Combine(_folder, "theirs");
        Compile(theirs, "");
        return Start("unshare", "-m", "sh", "-c", $"mount --bind '{theirs}' '{Program}' && exec '{Program}'");
    }

    private Process InRoot()
    {
        Directory.CreateDirectory(Path.Combine(Root, "only"));
        File.CreateSymbolicLink(Path.Combine(Root, "link"), "/only");
        Compile(Path.Combine(Root, "only", "tool"), "", "-static");
        return Start("chroot", Root, "/only/tool");
    }

    private static void Compile(string output, string more, params string[] flags)
    {
        var source = output + ".c";
        Directory.CreateDirectory(Path.GetDirectoryName(output)!);
        File.WriteAllText(source, $"{more}\n{Source}");
        Fixture.Run("clang", ["-O2", .. flags, source, "-o", output]);
        File.Delete(source);
    }

    // Returns once the program runs and has answered.
    private Process Start(string tool, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _processes.Add(process);
        Step(process, 1);
        return process;
    }

    private static void Step(Process process, int times)
    {
        for (var i = 0; i < times; i++)
        {
            process.StandardInput.Write('x');
            process.StandardInput.Flush();
            Assert.NotNull(process.StandardOutput.ReadLine());
        }
    }

    private static void End(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    private static BpfSessionOptions Options(Process process, string target, List<string> warnings, string program = "p0") =>
        new() { ProcessId = process.Id, AttachTo = new Dictionary<string, string> { [program] = target }, Warn = warnings.Add };

    private static List<string> Count(string kind, Process process, string target, Action act, ulong expected)
    {
        var warnings = new List<string>();
        Counting.Run(Counting.Object(($"{kind}/x:y", "void", "seen(0); return 0;")), Options(process, target, warnings), session =>
        {
            act();
            Assert.Equal(expected, session.Counts()[0]);
        });
        return warnings;
    }
}
