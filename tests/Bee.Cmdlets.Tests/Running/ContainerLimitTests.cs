using System.Management.Automation;

namespace Bee.Cmdlets.Tests;

/// <summary>-Container, -Pod, -Namespace and -NoContainer.</summary>
[Collection("Alone")]
public sealed class ContainerLimitTests(Programs programs) : IDisposable
{
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, -1);
        struct seen { pid_t pid; cgroup_id cgroup; mntns_id mount; };
        BEE_RING(print_seen, struct seen, 4096);
        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(void *ctx)
        {
            struct seen seen = { .pid = bee_pid(), .cgroup = bee_cgroup_id(), .mount = bee_mntns_id() };
            if (bee_parent_pid() == target_pid && FILTER)
                bee_output(print_seen, &seen, sizeof(seen));
            return 0;
        }
        """;

    private const string Gadget = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, -1);
        typedef __u64 gadget_mntns_id;
        const volatile bool gadget_filter_by_mntns = false;
        struct {
            __uint(type, BPF_MAP_TYPE_HASH);
            __type(key, gadget_mntns_id);
            __type(value, __u32);
            __uint(max_entries, 1024);
        } gadget_mntns_filter_map SEC(".maps");
        struct seen { gadget_mntns_id mount; };
        BEE_RING(print_seen, struct seen, 4096);
        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(void *ctx)
        {
            struct seen seen = { .mount = bee_mntns_id() };
            if (bee_parent_pid() == target_pid && (!gadget_filter_by_mntns || bpf_map_lookup_elem(&gadget_mntns_filter_map, &seen.mount)))
                bee_output(print_seen, &seen, sizeof(seen));
            return 0;
        }
        """;

    private const string Counting = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, -1);
        BEE_HASH(counter_opens, cgroup_id, u64, 128);
        BEE_ARRAY(totals, u64, 1);
        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(void *ctx)
        {
            cgroup_id cgroup = bee_cgroup_id();
            u32 zero = 0;
            if (bee_parent_pid() != target_pid)
                return 0;
            bee_count(&counter_opens, &cgroup);
            bee_count(&totals, &zero);
            return 0;
        }
        """;

    private const string Open = ": < /etc/hostname";

    private readonly Shell _shell = new();

    [NetworkFact]
    public void Container_limits_the_tool_in_the_kernel_while_containers_come_and_go()
    {
        using var containers = new FakeContainers("web1", "db");
        _shell.Objects("Start-BeeProgram $limited -Name limited -Container WEB* -Parameter @{ target_pid = $PID }", Variables);
        AssertTargets(containers: 1);
        containers.Do("web1", Open);
        containers.Do("db", Open);
        containers.Start("web2");
        AssertTargets(containers: 2);
        containers.Do("web2", Open);
        containers.Stop("web2");
        AssertTargets(containers: 1);

        Assert.Equal(["web1", "web2"], Receive("limited", count: 2).Select(seen => $"{seen.Properties["container"].Value}"));
        _shell.Objects("Stop-BeeProgram limited");
    }

    [NetworkFact]
    public void Container_limits_a_gadget_in_the_kernel_by_mount_namespace()
    {
        using var containers = new FakeContainers("web1", "db");
        _shell.Objects("Start-BeeProgram $gadget -Name limited -Container web1 -Parameter @{ target_pid = $PID }", Variables);
        containers.Do("web1", Open);
        containers.Do("db", Open);

        Assert.Equal(["web1"], Receive("limited").Select(seen => $"{seen.Properties["container"].Value}"));
        Assert.Single(_shell.Objects("Get-BeeMapEntry gadget_mntns_filter_map -Program limited; Stop-BeeProgram limited"));
    }

    [NetworkFact]
    public void Container_limits_records_if_the_tool_has_no_filter()
    {
        using var containers = new FakeContainers("web1", "db");
        string[] notes = Notes("Start-BeeProgram $plain -Name limited -Container web1 -Parameter @{ target_pid = $PID }");
        containers.Do("web1", Open);
        containers.Do("db", Open);

        Assert.Equal(["web1"], Receive("limited").Select(seen => $"{seen.Properties["container"].Value}"));
        Assert.Contains(notes, note => note.StartsWith("-Container web1 applies to the records of plain", StringComparison.Ordinal));
        _shell.Objects("Stop-BeeProgram limited");
    }

    [NetworkFact]
    public void Pinned_session_keeps_its_limit_for_the_process_that_reads_it()
    {
        using var containers = new FakeContainers("web1", "db");
        string name = $"test-{Guid.NewGuid():N}";
        using (var other = new Shell())
        {
            other.Objects("Start-BeeProgram $limited -PinPath $name -Container web* -Parameter @{ target_pid = $PID }; Remove-Module Bee", [.. Variables, ("name", name)]);
        }

        try
        {
            containers.Start("web2");
            // The first call begins to follow the containers again.
            _shell.Objects("Get-BeeProgram $name -Pinned | Receive-BeeEvent", ("name", name));
            containers.Do("web2", Open);
            containers.Do("db", Open);
            Assert.Equal(["web2"], Receive(name).Select(seen => $"{seen.Properties["container"].Value}"));
        }
        finally
        {
            _shell.Run("Stop-BeeProgram $name", ("name", name));
        }
    }

    [NetworkFact]
    public void Full_map_of_the_filter_is_a_warning()
    {
        using var containers = new FakeContainers("web1", "web2");

        string warning = Assert.Single(_shell.Run("Invoke-BeeProgram $limited -Container web* -MapSize @{ bee_targets = 1 } -Parameter @{ target_pid = $PID } -Duration 10ms", Variables).Warnings);
        Assert.StartsWith("bee_targets: is full with 1 entries, so events of the container web", warning, StringComparison.Ordinal);
    }

    [NetworkFact]
    public void Name_that_no_container_has_waits_without_a_warning()
    {
        using var containers = new FakeContainers("web1");

        string[] notes = Notes("Invoke-BeeProgram $limited -Container web1, nosuch -Pod nopod -Parameter @{ target_pid = $PID } -Duration 10ms");
        Assert.Contains("No running container matches -Container nosuch, -Pod nopod. Containers that start later count.", notes);
    }

    [NetworkFact]
    public void NoContainer_leaves_the_names_out()
    {
        using var containers = new FakeContainers("web1");
        // -Verbose waits for the recorder.
        _shell.Objects("Start-BeeProgram $plain -Name named -Parameter @{ target_pid = $PID } -Verbose 4>$null; Start-BeeProgram $plain -Name unnamed -NoContainer -Parameter @{ target_pid = $PID }", Variables);
        containers.Do("web1", Open);

        Assert.Equal("web1", Assert.Single(Receive("named")).Properties["container"].Value);
        Assert.Null(Assert.Single(Receive("unnamed")).Properties["container"]);
        _shell.Objects("Stop-BeeProgram named, unnamed");
    }

    [NetworkFact]
    public void Container_selects_entries_of_a_map()
    {
        using var containers = new FakeContainers("web1", "db");
        _shell.Objects("Start-BeeProgram $counting -Name counting -NoContainer -Parameter @{ target_pid = $PID }", Variables);
        containers.Do("web1", Open);
        containers.Do("db", Open);

        Assert.Equal(2, _shell.Objects("Get-BeeMapEntry counter_opens").Count);
        object cgroup = Assert.Single(_shell.Objects("Get-BeeMapEntry -Container WEB* | ForEach-Object Key"));
        Assert.Equal($"{cgroup}", $"{Assert.Single(_shell.Objects("Get-BeeMapEntry counter_opens -Key $key -Container web1", ("key", cgroup))).Properties["Key"].Value}");
        Assert.Empty(_shell.Objects("Get-BeeMapEntry counter_opens -Key $key -Container db", ("key", cgroup)));
        Assert.StartsWith("ContainerLimitUnsupported,", _shell.Error("Get-BeeMapEntry totals -Container web1").FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("ParametersExclude,", _shell.Error("Get-BeeMapEntry -Histogram -Container web1").FullyQualifiedErrorId, StringComparison.Ordinal);
        _shell.Objects("Stop-BeeProgram counting");
    }

    [NetworkFact]
    public void Limit_of_records_that_do_not_say_where_is_an_error_and_nothing_stays()
    {
        using var containers = new FakeContainers("web1");

        ErrorRecord error = _shell.Error("Start-BeeProgram $calls -Map print_*, gauge_* -Container web1 -Parameter @{ target_pid = $PID }", Variables);
        Assert.StartsWith("ContainerLimitUnsupported,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("its stream gauge_last would show all processes", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(_shell.Objects("Get-BeeProgram"));
    }

    [KernelFact]
    public void Limit_without_a_runtime_is_an_error()
    {
        using var setting = new Setting("none");

        Assert.StartsWith("NoContainerRuntime,", _shell.Error("Invoke-BeeProgram $limited -Namespace default", Variables).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Limit_and_NoContainer_exclude_each_other()
    {
        ErrorRecord error = _shell.Error("Invoke-BeeProgram nothing -Pod a -NoContainer");
        Assert.StartsWith("ParametersExclude,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("-NoContainer does not look up containers, which -Pod a needs.", error.ToString());
        Assert.Equal("Omit one of them.", error.ErrorDetails.RecommendedAction);
    }

    [Theory]
    [InlineData("-PodMetadata", "NoKubernetesAccess", "This process has no access to a Kubernetes API.")]
    [InlineData("-PodMetadata -NoContainer", "ParametersExclude", "-NoContainer does not look up containers, which -PodMetadata needs.")]
    public void PodMetadata_without_an_API_or_names_is_an_error_before_the_tool_is_read(string parameters, string id, string message)
    {
        string? before = Environment.GetEnvironmentVariable("KUBECONFIG");
        Environment.SetEnvironmentVariable("KUBECONFIG", "/nowhere/config");
        try
        {
            ErrorRecord error = _shell.Error($"Start-BeeProgram nothing {parameters}");
            Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.StartsWith(message, error.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("KUBECONFIG", before);
        }
    }

    [NetworkFact]
    public void Container_completes_the_names_of_running_containers()
    {
        using var containers = new FakeContainers("web1", "db");

        Assert.Equal(["db", "web1"], Completions("Invoke-BeeProgram x -Container "));
        Assert.Equal(["web1"], Completions("Start-BeeProgram x -Container w"));
        Assert.Empty(Completions("Invoke-BeeProgram x -Pod "));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("nonsense:/nowhere")]
    [InlineData("runc:/nowhere")]
    public void Completers_never_throw(string setting)
    {
        using var other = new Setting(setting);

        Assert.All(["Container", "Pod", "Namespace"], parameter => Assert.Empty(Completions($"Invoke-BeeProgram x -{parameter} ")));
        Assert.Empty(_shell.Objects("$Error"));
    }

    private (string, object?)[] Variables =>
    [
        ("limited", programs.Compile("limited", Source.Replace("FILTER", "bee_targeted_here()", StringComparison.Ordinal))),
        ("plain", programs.Compile("plain", Source.Replace("FILTER", "1", StringComparison.Ordinal))),
        ("gadget", programs.Compile("gadget", Gadget)),
        ("counting", programs.Compile("counting", Counting)),
        ("calls", programs.Calls),
    ];

    // A container has an entry for its cgroup, and another one for its mount namespace.
    private void AssertTargets(int containers) => Wait.Until(() => _shell.Objects("Get-BeeMapEntry bee_targets -Program limited").Count == 2 * containers);

    // Returns this number of events, and those that come soon afterwards.
    private List<PSObject> Receive(string name, int count = 1)
    {
        List<PSObject> events = [];
        Wait.Until(() =>
        {
            events.AddRange(_shell.Objects("Receive-BeeEvent $name", ("name", name)));
            return events.Count >= count;
        });
        Thread.Sleep(50);
        events.AddRange(_shell.Objects("Receive-BeeEvent $name", ("name", name)));
        return events;
    }

    private string[] Notes(string command) => [.. _shell.Objects($"{command} -Verbose 4>&1 | Where-Object {{ $_ -is [Management.Automation.VerboseRecord] }} | ForEach-Object Message", Variables).Select(note => $"{note}")];

    private string[] Completions(string line) =>
        [.. _shell.Objects("(TabExpansion2 $line $line.Length).CompletionMatches.CompletionText", ("line", line)).Where(text => text is not null).Select(text => $"{text}")];

    public void Dispose() => _shell.Dispose();

    private sealed class Setting : IDisposable
    {
        private readonly string? _before = Environment.GetEnvironmentVariable("BEE_CONTAINER_RUNTIME");

        public Setting(string value) => Environment.SetEnvironmentVariable("BEE_CONTAINER_RUNTIME", value);

        public void Dispose() => Environment.SetEnvironmentVariable("BEE_CONTAINER_RUNTIME", _before);
    }
}
