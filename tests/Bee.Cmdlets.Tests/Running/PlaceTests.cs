using System.Diagnostics;
using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>-Interface, -NetworkNamespace, -Cgroup and -AttachTo, in the test's own network namespace and control group.</summary>
[Collection("Bee")]
public sealed class PlaceTests(Programs programs) : IDisposable
{
    private const int Length = 333;
    private readonly string _space = $"bee-place-{Environment.ProcessId}";
    private readonly Shell _shell = new();
    private readonly TempFolder _folder = new();
    private bool _made;

    [NetworkFact]
    public void XDP_program_streams_the_packets_of_an_interface_in_a_namespace()
    {
        MakeSpace();
        string path = Source("xdp", "xdp", $$"""
            struct xdp_md *packet = ctx;
            u32 length = packet->data_end - packet->data;
            if (length == {{14 + 20 + 8 + Length}})
                bee_output(print_events, &length, sizeof(length));
            return XDP_PASS;
            """);
        Assert.Empty(Run("$null = Start-BeeProgram $path -NetworkNamespace $space -Interface l* -Name packets", path).Errors);
        KernelIds held = Kernel.Held();
        Send(3);

        Assert.Equal(3, _shell.Objects("Receive-BeeEvent packets -Wait -MaxEvents 3").Count);
        Assert.Empty(Run("Stop-BeeProgram packets", path).Errors);
        Kernel.AssertGone(held);
    }

    [NetworkFact]
    public void Cgroup_program_sees_the_processes_of_its_cgroup()
    {
        string mount = File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')).First(parts => parts[Array.IndexOf(parts, "-") + 1] == "cgroup2")[4];
        string group = Path.Combine(mount, _space);
        Directory.CreateDirectory(group);
        try
        {
            string path = Source("group", "cgroup/sock_create", "u32 pid = bpf_get_current_pid_tgid() >> 32; bee_output(print_events, &pid, sizeof(pid)); return 1;");
            Assert.Empty(Run("$null = Start-BeeProgram $path -Cgroup $space -Name sockets", path).Errors);
            Execute("sh", "-c", $"echo $$ > {group}/cgroup.procs && exec perl -MSocket -e 'socket(my $s, PF_INET, SOCK_DGRAM, 0) or die'");

            Assert.Single(_shell.Objects("Receive-BeeEvent sockets -Wait -MaxEvents 1"));
            Assert.Empty(Run("Stop-BeeProgram sockets", path).Errors);
        }
        finally
        {
            Wait.UntilRemoved(group);
        }
    }

    [NetworkFact]
    public void Killed_process_leaves_nothing_attached()
    {
        MakeSpace();
        string path = programs.Compile("killed", """
            #include "bee.h"
            BEE_LICENSE("GPL");
            BEE_RING(print_events, u32, 4096);
            SEC("xdp") int first(void *ctx) { return XDP_PASS; }
            SEC("socket") int second(void *ctx) { return 0; }
            SEC("sk_lookup") int third(void *ctx) { return 1; }
            """);
        using Process child = Child.Start($"Invoke-BeeProgram '{path}' -NetworkNamespace {_space} -Interface lo");
        KernelIds held = new([], []);
        Wait.Until(() => (held = Kernel.Held(child.Id)).Links.Count == 2);

        child.Kill();
        child.WaitForExit();

        Kernel.AssertGone(held);
    }

    [NetworkFact]
    public void Unknown_interface_error_lists_the_interfaces()
    {
        MakeSpace();
        ErrorRecord error = Assert.Single(Run("Invoke-BeeProgram $path -NetworkNamespace $space -Interface eth7", Source("missing", "tc", "return 0;")).Errors);

        Assert.StartsWith("LoadFailed.NoTarget,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("'eth7'", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("There are lo.", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [NetworkFact]
    public void Busy_interface_is_an_error_with_a_remedy()
    {
        MakeSpace();
        string path = Source("taken", "xdp", "return XDP_PASS;");
        Assert.Empty(Run("$null = Start-BeeProgram $path -NetworkNamespace $space -Interface lo -Name first", path).Errors);
        ErrorRecord error = Assert.Single(Run("Invoke-BeeProgram $path -NetworkNamespace $space -Interface lo; Stop-BeeProgram first", path).Errors);

        Assert.StartsWith("LoadFailed.Busy,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ResourceBusy, error.CategoryInfo.Category);
        Assert.Contains("bpftool net show dev lo", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Unused_options_are_warnings()
    {
        ShellResult result = Run("Invoke-BeeProgram $path -Parameter @{ target_pid = $PID } -Interface lo -Cgroup / -NetworkNamespace 1 -Duration 0.05", programs.Calls);

        Assert.Empty(result.Errors);
        Assert.Equal(["-Interface lo", "-Cgroup /", "-NetworkNamespace 1"], result.Warnings.Where(w => w.Contains("has no effect", StringComparison.Ordinal)).Select(w => w[..w.IndexOf(" has", StringComparison.Ordinal)]));
    }

    [KernelFact]
    public void Optional_program_with_a_target_is_loaded_and_another_is_skipped()
    {
        string path = _folder.Write("optional.bpf.c", """
            #include "bee.h"
            BEE_LICENSE("GPL");
            BEE_RING(print_events, u32, 4096);
            SEC("iter/bpf_map") int first(void *ctx) { return 0; }
            SEC("?raw_tp/sys_enter") int second(void *ctx) { return 0; }
            """);

        ShellResult result = Run("Invoke-BeeProgram $path -AttachTo @{ SECOND = 'sys_exit'; first = $null } -Duration 0.05 -Verbose 4>&1 | ForEach-Object { \"$_\" }", path);
        Assert.Empty(result.Errors);
        Assert.Contains("Attached ?raw_tp/sys_enter.", result.Output.Select(line => $"{line}"));
    }

    [KernelTheory]
    [InlineData("@{ nothing = 'sys_exit' }", "ProgramNotFound")]
    [InlineData("@{ program = '' }", "BadAttachTo")]
    [InlineData("@{ program = @() }", "BadAttachTo")]
    [InlineData("@{ program = $null }", "NothingToAttach")]
    [InlineData("@{ program = 'sys_exitt' }", "LoadFailed.NoTarget")]
    public void Invalid_target_is_an_error(string target, string id)
    {
        ErrorRecord error = Assert.Single(Run($"Invoke-BeeProgram $path -AttachTo {target} -Duration 1", Source("wrong", "raw_tp/sys_enter", "return 0;")).Errors);

        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [NetworkFact]
    public void Interfaces_cgroups_and_namespaces_are_completed()
    {
        MakeSpace();
        Assert.Contains(_space, Complete("Invoke-BeeProgram x -NetworkNamespace bee-pl"));
        Assert.Equal(["lo"], Complete($"Invoke-BeeProgram x -NetworkNamespace {_space} -Interface "));
        Assert.Contains("lo", Complete("Start-BeeProgram x -Interface l"));
        Assert.Empty(Complete("Invoke-BeeProgram x -NetworkNamespace /etc/passwd -Interface l"));
        Complete("Invoke-BeeProgram x -Cgroup '/no/such/'");
        Assert.Contains(Complete($"Invoke-BeeProgram test/opensnoop:v1 -Store {programs.Store} -AttachTo "), text => text.EndsWith("= 'syscalls/sys_enter_openat' }", StringComparison.Ordinal));
    }

    private string Source(string name, string section, string body) => _folder.Write($"{name}.bpf.c", Sources.Program(section, body));

    private ShellResult Run(string script, string path) => _shell.Run(script, ("path", path), ("space", _space));

    private IEnumerable<string> Complete(string line) =>
        _shell.Objects("(TabExpansion2 $line $line.Length).CompletionMatches.CompletionText", ("line", line)).Where(text => text is not null).Select(text => $"{text}");

    private void MakeSpace()
    {
        Execute("ip", "netns", "add", _space);
        _made = true;
        Execute("ip", "-n", _space, "link", "set", "lo", "up");
    }

    private void Send(int packets) => Execute(
        "nsenter", $"--net=/run/netns/{_space}", "perl", "-MSocket", "-e",
        $"socket(my $s, PF_INET, SOCK_DGRAM, 0) or die; for (1..{packets}) {{ send($s, 'x' x {Length}, 0, sockaddr_in(4242, INADDR_LOOPBACK)); }}");

    private static void Execute(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {errors}");
    }

    public void Dispose()
    {
        _shell.Dispose();
        _folder.Dispose();
        if (_made)
        {
            Execute("ip", "netns", "delete", _space);
        }
    }
}
