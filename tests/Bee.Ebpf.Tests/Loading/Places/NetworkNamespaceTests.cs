using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public sealed class NetworkNamespaceTests
{
    [NetworkFact]
    public void Socket_lookups_of_the_namespace_are_seen()
    {
        using var world = new NetworkWorld();
        var file = Counting.Object(("sk_lookup", "struct bpf_sk_lookup", "if (context->local_port == 4242) seen(0); return 1;"));
        Counting.Run(file, new BpfSessionOptions { NetworkNamespace = world.Name }, session =>
        {
            world.Receive(3);
            world.Send(2);
            Assert.Equal(3ul, session.Counts()[0]);
            Assert.Single(session.Programs[0].LinkIds);
        });
    }

    [NetworkFact]
    public void A_namespace_is_found_by_name_path_and_process()
    {
        using var world = new NetworkWorld();
        using var inside = System.Diagnostics.Process.Start("ip", ["netns", "exec", world.Name, "sleep", "60"]);
        try
        {
            Wait.Until(() => File.ReadAllText($"/proc/{inside.Id}/comm") == "sleep\n");
            foreach (var text in (string[])[world.Name, "/run/netns/" + world.Name, $"/proc/{inside.Id}/ns/net", $"{inside.Id}"])
            {
                Assert.Equal(["bee0", "lo"], NetworkTargets.Interfaces(text).Select(i => i.Name).Order());
            }

            Assert.DoesNotContain("bee0", NetworkTargets.Interfaces(null).Select(i => i.Name));
            Assert.Contains(world.Name, NetworkTargets.Namespaces());
        }
        finally
        {
            inside.Kill();
            inside.WaitForExit();
        }
    }

    [NetworkFact]
    public void A_missing_namespace_is_reported_with_the_existing_ones()
    {
        using var world = new NetworkWorld();
        var e = Assert.Throws<BpfLoadException>(() => NetworkTargets.Interfaces(world.Name + "x"));

        Assert.Equal(LoadFault.NoTarget, e.Fault);
        Assert.Contains(world.Name, e.Suggestions);
        Assert.Contains("/proc/PID/ns/net", e.Remedy);
    }

    [Theory]
    [InlineData("/proc/self/ns/mnt")]
    [InlineData("/etc/passwd")]
    public void A_file_that_is_not_a_network_namespace_is_rejected(string path) =>
        Assert.Contains("not a network namespace", Assert.Throws<BpfLoadException>(() => NetworkTargets.Interfaces(path)).Message);

    [Fact]
    public void A_named_pipe_is_rejected_without_blocking()
    {
        var folder = Directory.CreateTempSubdirectory("bee-").FullName;
        try
        {
            var pipe = Path.Combine(folder, "pipe");
            Fixture.Run("mkfifo", pipe);
            A_file_that_is_not_a_network_namespace_is_rejected(pipe);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_process_that_has_exited_has_no_namespace() =>
        Assert.Contains("no such process", Assert.Throws<BpfLoadException>(() => NetworkTargets.Interfaces($"{int.MaxValue}")).Message);

    [NetworkFact]
    public void Attach_without_a_namespace_reports_what_to_name()
    {
        using var session = BpfSession.Load(Counting.Object(("sk_lookup", "struct bpf_sk_lookup", "return 1;")));
        var e = Assert.Throws<BpfLoadException>(session.Attach);

        Assert.Equal(LoadFault.NoPlace, e.Fault);
        Assert.Contains("/proc/self/ns/net", e.Remedy);
    }
}
