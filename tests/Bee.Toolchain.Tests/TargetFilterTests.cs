using System.Diagnostics;
using System.Globalization;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Toolchain.Tests;

/// <summary>The filters by containers in objects: that of bee.h, and that of Inspektor Gadget.</summary>
public class TargetFilterTests
{
    private const string Tool = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        BEE_PARAM(pid_t, target_pid, -1);
        struct seen { cgroup_id cgroup; mntns_id mount; };
        BEE_RING(print_seen, struct seen, 4096);
        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(void *ctx)
        {
            struct seen seen = { .cgroup = bee_cgroup_id(), .mount = bee_mntns_id() };
            if (bee_targeted(target_pid) && bee_targeted_here())
                bee_output(print_seen, &seen, sizeof(seen));
            return 0;
        }
        """;

    // As gadget/mntns_filter.h declares it.
    private const string Gadget = """
        #include "vmlinux.h"
        #include <bpf/bpf_helpers.h>
        #include <bpf/bpf_core_read.h>
        char LICENSE[] SEC("license") = "GPL";
        typedef __u64 gadget_mntns_id;
        const volatile __u32 target_pid = -1;
        const volatile bool gadget_filter_by_mntns = false;
        struct {
            __uint(type, BPF_MAP_TYPE_HASH);
            __type(key, gadget_mntns_id);
            __type(value, __u32);
            __uint(max_entries, 1024);
        } gadget_mntns_filter_map SEC(".maps");
        struct seen { gadget_mntns_id mount; };
        struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct seen); } print_seen SEC(".maps");
        SEC("tracepoint/syscalls/sys_enter_openat")
        int entered(void *ctx)
        {
            struct task_struct *task = (struct task_struct *)bpf_get_current_task();
            struct seen seen = { .mount = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum) };
            if (bpf_get_current_pid_tgid() >> 32 == target_pid && (!gadget_filter_by_mntns || bpf_map_lookup_elem(&gadget_mntns_filter_map, &seen.mount)))
                bpf_ringbuf_output(&print_seen, &seen, sizeof(seen), 0);
            return 0;
        }
        """;

    [CompileFact]
    public void Filter_of_the_header_is_no_parameter_and_its_map_exists_only_if_it_is_used()
    {
        var file = Sources.Compile(Tool);
        Assert.Equal(["target_pid"], file.Parameters.Select(parameter => parameter.Name));
        Assert.DoesNotContain(file.Maps.SelectMany(map => map.Variables), placed => placed.Variable.Name == TargetFilter.SwitchName);
        Assert.Contains(file.Maps, map => map.Name == TargetFilter.MapName && map.MaxEntries == 1);
        Assert.NotNull(file.Filter);

        var unused = Sources.Compile(Tool.Replace(" && bee_targeted_here()", "", StringComparison.Ordinal));
        Assert.Null(unused.Filter);
        Assert.DoesNotContain(unused.Maps, map => map.Name == TargetFilter.MapName);
    }

    [KernelFact]
    public void Filter_of_the_header_selects_processes_by_cgroup_parent_cgroup_and_mount_namespace()
    {
        using var group = new Group();
        using var inner = group.Child();
        var file = Sources.Compile(Tool);
        var filter = file.Filter!;

        Assert.Equal(1, Seen(file, inner, limited: false));
        Assert.Equal(0, Seen(file, inner, limited: true));
        Assert.Equal(1, Seen(file, inner, limited: true, TargetFilter.CgroupKey(inner.Id)));
        Assert.Equal(1, Seen(file, inner, limited: true, TargetFilter.CgroupKey(group.Id)));
        Assert.Equal(0, Seen(file, group, limited: true, TargetFilter.CgroupKey(inner.Id)));
        Assert.Equal(1, Seen(file, inner, limited: true, filter.MountNamespaceKey(MountNamespace())));
        Assert.Equal(0, Seen(file, inner, limited: true, MountNamespace()));
    }

    [KernelFact]
    public void Filter_of_a_gadget_selects_processes_by_mount_namespace()
    {
        using var group = new Group();
        var file = Sources.Compile(Gadget);

        Assert.Equal(1, Seen(file, group, limited: false));
        Assert.Equal(0, Seen(file, group, limited: true));
        Assert.Equal(1, Seen(file, group, limited: true, file.Filter!.MountNamespaceKey(MountNamespace())));
    }

    // A shell in the group opens one file.
    private static int Seen(ObjectFile file, Group group, bool limited, params ulong[] keys)
    {
        using var shell = group.Shell();
        using var session = BpfSession.Load(file, new BpfSessionOptions { Parameters = { ["target_pid"] = shell.Id }, OnlyTargets = limited });
        if (limited)
        {
            var map = session.Map(file.Filter!.Map);
            Assert.Equal(16384u, map.Description.MaxEntries);
            Array.ForEach(keys, key => map.Update(key, 1));
        }

        using var reader = session.OpenReader(new EventReaderOptions());
        session.Attach();
        shell.StandardInput.Write(": < /etc/hostname\necho done\n");
        shell.StandardInput.Flush();
        Assert.Equal("done", shell.StandardOutput.ReadLine());
        session.Detach();
        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
        shell.StandardInput.Close();
        shell.WaitForExit();
        return sink.Events.Count;
    }

    private static ulong MountNamespace() => FileStatus.Of("/proc/self/ns/mnt")!.Value.Inode;

    private sealed class Group : IDisposable
    {
        private readonly string _path;

        public Group()
            : this(Path.Combine(CgroupMount.Root!, $"bee-test-{Guid.NewGuid():N}"))
        {
        }

        private Group(string path) => _path = Directory.CreateDirectory(path).FullName;

        public ulong Id => FileStatus.Of(_path)!.Value.Inode;

        public Group Child() => new(Path.Combine(_path, "inner"));

        public Process Shell()
        {
            var shell = Process.Start(new ProcessStartInfo("/bin/sh", "-s") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
            File.WriteAllText(Path.Combine(_path, "cgroup.procs"), shell.Id.ToString(CultureInfo.InvariantCulture));
            shell.StandardInput.Write("echo ready\n");
            shell.StandardInput.Flush();
            Assert.Equal("ready", shell.StandardOutput.ReadLine());
            return shell;
        }

        public void Dispose() => Directory.Delete(_path);
    }
}
