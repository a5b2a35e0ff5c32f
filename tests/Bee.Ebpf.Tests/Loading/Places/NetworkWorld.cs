namespace Bee.Ebpf.Tests.Loading;

/// <summary>Two network namespaces of the test, connected by a veth pair. Nothing else sends packets there.</summary>
internal sealed class NetworkWorld : IDisposable
{
    public const string Here = "bee0", There = "bee1";

    // Packets of the tests are recognized by the length of their payload.
    public const int PayloadLength = 333;

    private static int s_count;
    private readonly string _far;

    public NetworkWorld()
    {
        var name = $"bee-test-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
        (Name, _far) = (name + "a", name + "b");
        Fixture.Run("ip", "netns", "add", Name);
        Fixture.Run("ip", "netns", "add", _far);
        Ip(Name, "link add " + Here + " type veth peer name " + There + " netns " + _far);
        Ip(Name, "addr add 10.77.0.1/24 dev " + Here);
        Ip(_far, "addr add 10.77.0.2/24 dev " + There);
        Ip(Name, "link set lo up");
        Ip(Name, "link set " + Here + " up");
        Ip(_far, "link set " + There + " up");
    }

    /// <summary>The namespace in which programs are attached.</summary>
    public string Name { get; }

    /// <summary>Sends packets to the namespace.</summary>
    public void Receive(int packets) => Send(_far, "10.77.0.1", packets);

    /// <summary>Sends packets from the namespace.</summary>
    public void Send(int packets) => Send(Name, "10.77.0.2", packets);

    /// <summary>Runs a command in the namespace and returns its output.</summary>
    public string Run(params string[] command) => Fixture.Run("nsenter", [Net(Name), .. command]);

    /// <summary>Returns the output of tc for the qdiscs and filters of an interface.</summary>
    public string Traffic() => Run("sh", "-c", $"tc qdisc show dev {Here}; tc filter show dev {Here} ingress; tc filter show dev {Here} egress");

    public void Dispose()
    {
        Fixture.Run("ip", "netns", "delete", Name);
        Fixture.Run("ip", "netns", "delete", _far);
    }

    private static void Send(string from, string to, int packets) => Fixture.Run(
        "nsenter", Net(from), "perl", "-MSocket", "-e",
        $"socket(my $s, PF_INET, SOCK_DGRAM, 0) or die; for (1..{packets}) {{ send($s, 'x' x {PayloadLength}, 0, sockaddr_in(4242, inet_aton('{to}'))) or die $!; }}");

    // ip netns exec would mount another /sys without control groups.
    private static string Net(string space) => "--net=/run/netns/" + space;

    private static void Ip(string space, string command) => Fixture.Run("ip", ["-n", space, .. command.Split(' ')]);
}
