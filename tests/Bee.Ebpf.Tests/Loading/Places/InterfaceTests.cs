using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public sealed class InterfaceTests
{
    // The Ethernet, IPv4 and UDP headers, and the payload.
    private static readonly int s_length = 14 + 20 + 8 + NetworkWorld.PayloadLength;
    private static readonly string s_buffer = $"if (context->len == {s_length}) seen(0);";
    private static readonly string s_frame = $"if (context->data_end - context->data == {s_length}) seen(0); return XDP_PASS;";

    [NetworkTheory]
    [InlineData("xdp")]
    [InlineData("xdp/name")]
    [InlineData("xdp.frags")]
    public void An_xdp_program_sees_incoming_packets(string section) => Sees(section, received: 3, sent: 0);

    [NetworkTheory]
    [InlineData("tc", 3, 0)]
    [InlineData("classifier", 3, 0)]
    [InlineData("tc/ingress", 3, 0)]
    [InlineData("tc/egress", 0, 2)]
    [InlineData("tcx/ingress", 3, 0)]
    [InlineData("tcx/egress", 0, 2)]
    public void A_tc_program_sees_packets_of_its_direction(string section, int received, int sent) => Sees(section, received, sent);

    [NetworkFact]
    public void A_socket_filter_sees_both_directions() => Sees("socket", 3, 2);

    [NetworkTheory]
    [InlineData("tc", 3, 0)]
    [InlineData("tc/egress", 0, 2)]
    public void Without_tcx_clsact_is_created_and_removed(string section, int received, int sent) => WithoutTcx(() =>
    {
        using var world = new NetworkWorld();
        var before = world.Traffic();
        Sees(section, received, sent, world, s => Assert.Contains("clsact", world.Traffic()));

        Assert.Equal(before, world.Traffic());
    });

    [NetworkFact]
    public void Programs_of_both_directions_share_clsact_until_the_last_is_detached() => WithoutTcx(() =>
    {
        using var world = new NetworkWorld();
        var before = world.Traffic();
        var file = Counting.Object(("tc/ingress", "struct __sk_buff", s_buffer + " return 0;"), ("tc/egress", "struct __sk_buff", s_buffer.Replace("0)", "1)") + " return 0;"));
        Counting.Run(file, At(world), session =>
        {
            world.Receive(3);
            world.Send(2);
            Assert.Equal([3ul, 2ul], session.Counts()[..2]);
        });

        Assert.Equal(before, world.Traffic());
    });

    [NetworkFact]
    public void A_process_that_exits_without_disposing_removes_its_filters() => WithoutTcx(() =>
    {
        using var world = new NetworkWorld();
        var before = world.Traffic();
        using var session = BpfSession.Load(Counting.Object(("tc", "struct __sk_buff", "return 0;")), At(world));
        session.Attach();
        Assert.Contains("bpf", world.Traffic());

        TcFilter.RemoveAll();
        Assert.Equal(before, world.Traffic());
    });

    [NetworkFact]
    public void An_existing_clsact_stays() => WithoutTcx(() =>
    {
        using var world = new NetworkWorld();
        world.Run("tc", "qdisc", "add", "dev", NetworkWorld.Here, "clsact");
        var before = world.Traffic();
        Sees("tc", 3, 0, world);

        Assert.Equal(before, world.Traffic());
    });

    [NetworkFact]
    public void The_qdisc_ingress_is_used_for_incoming_packets_and_rejected_for_outgoing_ones() => WithoutTcx(() =>
    {
        using var world = new NetworkWorld();
        world.Run("tc", "qdisc", "add", "dev", NetworkWorld.Here, "ingress");
        var before = world.Traffic();
        Sees("tc", 3, 0, world);
        using var session = BpfSession.Load(Counting.Object(("tc/egress", "struct __sk_buff", "return 0;")), At(world));
        var e = Assert.Throws<BpfLoadException>(session.Attach);

        Assert.Equal(LoadFault.Busy, e.Fault);
        Assert.Contains("qdisc ingress", e.Message);
        Assert.Equal(before, world.Traffic());
    });

    [NetworkFact]
    public void A_clsact_with_filters_of_others_stays() => WithoutTcx(() =>
    {
        using var world = new NetworkWorld();
        Sees("tc/egress", 0, 2, world, s => world.Run("tc", "filter", "add", "dev", NetworkWorld.Here, "ingress", "prio", "7", "protocol", "ip", "u32", "match", "u32", "0", "0"));
        var after = world.Traffic();

        Assert.Contains("clsact", after);
        Assert.Contains("pref 7", after);
        Assert.DoesNotContain("bpf", after);
    });

    [NetworkFact]
    public void A_filter_is_removed_if_a_later_program_fails() => WithoutTcx(() =>
    {
        using var world = new NetworkWorld();
        var before = world.Traffic();
        var file = Counting.Object(("tc", "struct __sk_buff", "return 0;"), ("tracepoint/syscalls/sys_enter_not_there", "void", "return 0;"));
        using var session = BpfSession.Load(file, At(world));

        Assert.Equal("p1", Assert.Throws<BpfLoadException>(session.Attach).Program);
        Assert.Equal(before, world.Traffic());
    });

    [NetworkFact]
    public void AttachTo_selects_the_direction_of_one_program()
    {
        using var world = new NetworkWorld();
        var file = Counting.Object(("tc", "struct __sk_buff", s_buffer + " return 0;"), ("tc", "struct __sk_buff", s_buffer.Replace("0)", "1)") + " return -1;"));
        var options = At(world, new() { ["p0"] = "egress", ["p1"] = NetworkWorld.Here + "/ingress" });
        Counting.Run(file, options, session =>
        {
            world.Receive(3);
            world.Send(2);
            Assert.Equal([2ul, 3ul], session.Counts()[..2]);
        });
    }

    [NetworkFact]
    public void A_wildcard_attaches_to_every_matching_interface()
    {
        using var world = new NetworkWorld();
        var options = new BpfSessionOptions { NetworkNamespace = world.Name, Interfaces = ["be*", "lo"] };
        Counting.Run(Counting.Object(("tcx/ingress", "struct __sk_buff", "return 0;")), options, session => Assert.Equal(2, session.Programs[0].LinkIds.Count));
    }

    [NetworkFact]
    public void An_interface_with_another_xdp_program_is_busy_and_the_program_is_named()
    {
        using var world = new NetworkWorld();
        var file = Counting.Object(("xdp", "struct xdp_md", "return XDP_PASS;"));
        Counting.Run(file, At(world), first =>
        {
            using var second = BpfSession.Load(file, At(world));
            var e = Assert.Throws<BpfLoadException>(second.Attach);

            Assert.Equal(LoadFault.Busy, e.Fault);
            Assert.Contains($"xdp program {first.Programs[0].Id}", e.Message);
            Assert.Contains("bpftool net show dev bee0", e.Remedy);
        });
    }

    [NetworkFact]
    public void Two_xdp_programs_for_one_interface_are_rejected_before_loading()
    {
        using var world = new NetworkWorld();
        var file = Counting.Object(("xdp", "struct xdp_md", "return XDP_PASS;"), ("xdp", "struct xdp_md", "return XDP_PASS;"));

        Assert.Equal(LoadFault.Busy, Assert.Throws<BpfLoadException>(() => BpfSession.Load(file, At(world))).Fault);
        var options = At(world, new() { ["p1"] = "lo" });
        Counting.Run(file, options, session => Assert.All(session.Programs, p => Assert.Single(p.LinkIds)));
    }

    [NetworkFact]
    public void A_missing_interface_is_reported_with_the_existing_ones()
    {
        using var world = new NetworkWorld();
        var options = new BpfSessionOptions { NetworkNamespace = world.Name, Interfaces = ["bee7"] };
        var e = Assert.Throws<BpfLoadException>(() => BpfSession.Load(Counting.Object(("xdp", "struct xdp_md", "return XDP_PASS;")), options));

        Assert.Equal(LoadFault.NoTarget, e.Fault);
        Assert.Contains("'bee7'", e.Message);
        Assert.Contains(world.Name, e.Message);
        Assert.Contains("lo", e.Remedy);
        Assert.Contains(NetworkWorld.Here, e.Suggestions);
    }

    [NetworkFact]
    public void Attach_without_an_interface_lists_the_interfaces()
    {
        using var session = BpfSession.Load(Counting.Object(("tc", "struct __sk_buff", "return 0;")));
        var e = Assert.Throws<BpfLoadException>(session.Attach);

        Assert.Equal(LoadFault.NoPlace, e.Fault);
        Assert.Contains("lo", e.Remedy);
    }

    [NetworkFact]
    public void Load_names_the_missing_capability_for_networks()
    {
        const ulong BpfAndPerfMon = 1ul << 39 | 1ul << 38;
        var file = Counting.Object(("xdp", "struct xdp_md", "return XDP_PASS;"));
        var e = OtherWorlds.WithCapabilities(BpfAndPerfMon, () => Assert.Throws<BpfLoadException>(() => BpfSession.Load(file, new BpfSessionOptions { Interfaces = ["lo"] })));

        Assert.Equal(LoadFault.NoPermission, e.Fault);
        Assert.Contains("CAP_NET_ADMIN", e.Message);
    }

    private static void Sees(string section, int received, int sent, NetworkWorld? given = null, Action<BpfSession>? meanwhile = null)
    {
        var world = given ?? new NetworkWorld();
        var xdp = section.StartsWith("xdp", StringComparison.Ordinal);
        var file = Counting.Object((section, xdp ? "struct xdp_md" : "struct __sk_buff", xdp ? s_frame : s_buffer + " return 0;"));
        try
        {
            Counting.Run(file, At(world), session =>
            {
                world.Receive(3);
                world.Send(2);
                Assert.Equal((ulong)(received + sent), session.Counts()[0]);
                meanwhile?.Invoke(session);
            });
            Assert.DoesNotContain("xdp", world.Run("ip", "link", "show", NetworkWorld.Here));
        }
        finally
        {
            if (given is null)
            {
                world.Dispose();
            }
        }
    }

    private static void WithoutTcx(Action body)
    {
        TcFilter.IsForced = true;
        try
        {
            body();
        }
        finally
        {
            TcFilter.IsForced = false;
        }
    }

    private static BpfSessionOptions At(NetworkWorld world, Dictionary<string, string>? targets = null) =>
        new() { NetworkNamespace = world.Name, Interfaces = [NetworkWorld.Here], AttachTo = targets ?? [] };
}
