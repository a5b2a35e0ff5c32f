using System.Diagnostics;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Targets in a process with files of its own: another mount namespace, another root folder, files that were replaced.</summary>
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

    // A file system of its own with another build of the program under a path that this process has too, and one below /only.
    private string Root => Path.Combine(_folder, "root");

    private string Program => Path.Combine(_folder, "tool");

    [KernelTheory]
    [InlineData("uprobe")]
    [InlineData("uretprobe")]
    [InlineData("uprobe.multi")]
    public void Attach_process_in_its_own_mount_namespace_sees_that_processs_file(string kind)
    {
        var process = InMountNamespace();
        var warnings = Count(kind, process, $"{Program}:step", () => Step(process, 3), 3);
        Assert.Empty(warnings);
    }

    [KernelFact]
    public void Attach_static_probe_of_a_process_in_its_own_mount_namespace_is_seen()
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
    public void Attach_file_that_only_the_process_has_is_found(string target)
    {
        var process = InRoot();
        Assert.Empty(Count("uprobe", process, target, () => Step(process, 2), 2));
    }

    [KernelFact]
    public void Attach_path_of_this_process_to_a_file_that_the_process_runs_is_found()
    {
        var process = InRoot();
        Assert.Empty(Count("uprobe", process, $"{Root}/only/tool:step", () => Step(process, 2), 2));
    }

    [KernelFact]
    public void Attach_file_that_was_replaced_since_it_was_started_means_the_one_that_runs()
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
    public void Attach_library_by_name_means_what_the_process_has_mapped(string library)
    {
        Compile(Program, "");
        var process = Start(Program);
        Assert.Empty(Count("uprobe", process, $"{library}:fflush", () => Step(process, 2), 2));
    }

    [KernelFact]
    public void Attach_file_that_the_process_has_not_mapped_warns()
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
    public void Attach_process_that_has_ended_is_said(string kind)
    {
        Compile(Program, "");
        var process = Start(Program);
        using var session = BpfSession.Load(Counting.Object(($"{kind}/x:y", "void", "return 0;")), Options(process, $"{Program}:step", []));
        End(process);

        Assert.Equal(LoadFault.NoProcess, Assert.Throws<BpfLoadException>(session.Attach).Fault);
    }

    [KernelFact]
    public void Attach_file_that_nobody_has_is_said_of_the_process()
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

    // Returns when the program itself runs: it has answered once.
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
