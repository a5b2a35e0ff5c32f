using System.IO.Compression;
using Bee.Ebpf.Host;

namespace Bee.Ebpf.Tests.Host;

/// <summary>Other machines, as trees of files.</summary>
public sealed class KernelHostTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("bee-host-").FullName;

    [Fact]
    public void A_machine_is_read_from_its_files()
    {
        Write("/proc/sys/kernel/osrelease", "6.1.0-28-cloud-amd64\n");
        Write("/proc/sys/net/core/bpf_jit_enable", "1\n");
        Write("/proc/self/mounts", "proc /proc proc rw 0 0\nbpf /run/my\\040bpf bpf rw 0 0\nbpf /sys/fs/bpf bpf rw 0 0\n");
        Write("/proc/thread-self/status", "Name:\tx\nCapEff:\t0000004000201000\n");
        Write("/proc/self/limits", "Limit Soft Limit Hard Limit Units\nMax locked memory         65536                65536                bytes\n");
        Write("/proc/self/uid_map", "         0          0 4294967295\n");
        Write("/proc/kallsyms", "ffffffff81000000 T _text\n");
        Write("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
        Write("/sys/kernel/security/lsm", "lockdown,capability,bpf\n");
        Write("/sys/kernel/btf/vmlinux", "");
        Write("/sys/kernel/debug/tracing/events/enable", "0");
        Write("/sys/kernel/debug/tracing/kprobe_events", "");
        Write("/boot/config-6.1.0-28-cloud-amd64", "# comment\nCONFIG_BPF_LSM=y\n# CONFIG_KPROBES is not set\n");
        var host = new KernelHost(_root);

        Assert.Equal(new Version(6, 1, 0), host.Version);
        Assert.Equal("1", host.Setting("net/core/bpf_jit_enable"));
        Assert.Equal("/run/my bpf", host.MountOf("bpf"));
        Assert.Equal("/sys/fs/bpf", host.MountOf("bpf", "/sys/fs/bpf"));
        Assert.Null(host.MountOf("cgroup2"));
        Assert.True(host.Has(Capability.SysAdmin) && host.Has(Capability.NetAdmin) && host.Has(Capability.PerfMon));
        Assert.False(host.Has(Capability.Bpf) || host.Has(Capability.SysResource));
        Assert.Equal(65536, host.MemoryLock);
        Assert.False(host.IsInUserNamespace);
        Assert.True(host.ShowsAddresses);
        Assert.Equal("confidentiality", host.Lockdown);
        Assert.Equal(["lockdown", "capability", "bpf"], host.SecurityModules);
        Assert.Equal("/sys/kernel/debug/tracing", host.TracefsPath);
        Assert.True(host is { HasBtf: true, HasKprobes: true, HasUprobes: false, KnowsConfiguration: true, IsTracingRestricted: false });
        Assert.Equal("y", host.Configured("CONFIG_BPF_LSM"));
        Assert.Null(host.Configured("CONFIG_KPROBES"));
    }

    [Fact]
    public void Where_nothing_can_be_read_nothing_is_known()
    {
        var host = new KernelHost(_root);

        Assert.True(host is
        {
            Version: null, Release: null, HasBtf: false, TracefsPath: null, HasKprobes: false, IsTracingRestricted: false, Lockdown: null, SecurityModules: null,
            ShowsAddresses: null, MemoryLock: null, Capabilities: 0, IsInUserNamespace: false, KnowsConfiguration: false,
        });
        Assert.Null(host.MountOf("bpf"));
        Assert.Null(host.Configured("CONFIG_BPF"));
    }

    [Theory]
    [InlineData("6.18.44-cloud-amd64", "6.18.44")]
    [InlineData("5.15", "5.15")]
    [InlineData("7.0.0+", "7.0.0")]
    [InlineData("nonsense", null)]
    public void Releases_have_a_version(string release, string? version)
    {
        Write("/proc/sys/kernel/osrelease", release);
        Assert.Equal(version, new KernelHost(_root).Version?.ToString());
    }

    [Fact]
    public void Addresses_that_are_hidden_are_zeros()
    {
        Write("/proc/kallsyms", "0000000000000000 T _text\n");
        Write("/proc/self/uid_map", "         0       1000          1\n");
        var host = new KernelHost(_root);

        Assert.False(host.ShowsAddresses);
        Assert.True(host.IsInUserNamespace);
    }

    [Fact]
    public void The_packed_configuration_is_read()
    {
        var path = Path.Combine(_root, "proc/config.gz");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (var packed = new GZipStream(File.Create(path), CompressionMode.Compress))
        {
            packed.Write("CONFIG_KPROBES=y\n"u8);
        }

        Assert.Equal("y", new KernelHost(_root).Configured("CONFIG_KPROBES"));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Write(string path, string text)
    {
        var file = _root + path;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
