using System.Diagnostics;

namespace Bee.Toolchain.Tests;

/// <summary>A network namespace of the test's own with the interface bee0, and another one at the cable's far end.</summary>
internal sealed class Cable : IDisposable
{
    private const int Packets = 5, Length = 100;
    private readonly string _far;

    public Cable()
    {
        Name = $"bee-cable-{Environment.ProcessId}a";
        _far = $"bee-cable-{Environment.ProcessId}b";
        Run("ip", "netns", "add", Name);
        Run("ip", "netns", "add", _far);
        Run("ip", "-n", Name, "link", "add", "bee0", "type", "veth", "peer", "name", "bee1", "netns", _far);
        Run("ip", "-n", Name, "addr", "add", "10.77.0.1/24", "dev", "bee0");
        Run("ip", "-n", _far, "addr", "add", "10.77.0.2/24", "dev", "bee1");
        Run("ip", "-n", Name, "link", "set", "bee0", "up");
        Run("ip", "-n", _far, "link", "set", "bee1", "up");
    }

    public string Name { get; }

    /// <summary>Sends five packets of 100 bytes over UDP from the far end.</summary>
    public void Send() => Run(
        "nsenter", $"--net=/run/netns/{_far}", "perl", "-MSocket", "-e",
        $"socket(my $s, PF_INET, SOCK_DGRAM, 0) or die; for (1..{Packets}) {{ send($s, 'x' x {Length}, 0, sockaddr_in(4242, inet_aton('10.77.0.1'))) or die $!; }}");

    public void Dispose()
    {
        Run("ip", "netns", "delete", Name);
        Run("ip", "netns", "delete", _far);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {errors}");
    }
}
