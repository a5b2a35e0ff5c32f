namespace Bee.Ebpf.Tests.Loading;

/// <summary>A test that attaches programs in its own network namespaces. It needs iproute2 and perl in addition to <see cref="KernelFactAttribute"/>.</summary>
public sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute() => Skip = Reason;

    internal static string? Reason { get; } = KernelFactAttribute.Reason ?? Missing();

    private static string? Missing()
    {
        foreach (var tool in (string[])["ip", "tc", "perl"])
        {
            if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, tool))))
            {
                return $"needs {tool} (packages iproute2 and perl-base), to make network namespaces and send packets there";
            }
        }

        try
        {
            Fixture.Run("ip", "netns", "add", Probe);
            Fixture.Run("ip", "-n", Probe, "link", "add", "bee0", "type", "veth", "peer", "name", "bee1");
            return null;
        }
        catch (InvalidOperationException e)
        {
            return "needs network namespaces and veth interfaces: " + e.Message;
        }
        finally
        {
            try
            {
                Fixture.Run("ip", "netns", "delete", Probe);
            }
            catch (InvalidOperationException)
            {
                // The namespace was not created.
            }
        }
    }

    private static string Probe => $"bee-probe-{Environment.ProcessId}";
}

/// <summary><see cref="NetworkFactAttribute"/> with data.</summary>
public sealed class NetworkTheoryAttribute : TheoryAttribute
{
    public NetworkTheoryAttribute() => Skip = NetworkFactAttribute.Reason;
}
