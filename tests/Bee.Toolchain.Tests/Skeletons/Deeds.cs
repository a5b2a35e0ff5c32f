using System.Diagnostics;
using Bee.Toolchain.Tools;

namespace Bee.Toolchain.Tests;

/// <summary>
/// A process that triggers programs of every kind once, on request, in its own network namespace and control group, so that no other process is observed.
/// </summary>
internal sealed class Deeds : IDisposable
{
    // Three times, because the measured value is the time between two calls. Nothing leaves the loopback interface of the namespace.
    private const string Script = """
        use Socket qw(:all); $| = 1; print "ready\n";
        sub tcp { my ($family, $at, $any) = @_;
            socket(my $l, $family, SOCK_STREAM, 0) or return; setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1); bind($l, $at) or return; listen($l, 5);
            socket(my $c, $family, SOCK_STREAM, 0); connect($c, $at) or die "connect: $!"; accept(my $a, $l);
            getpeername($c); getsockname($c); getsockname($l); getsockopt($c, SOL_SOCKET, SO_TYPE); syswrite($c, "hello"); sysread($a, my $got, 5); syswrite($a, "hello"); sysread($c, $got, 5); }
        sub udp { my ($family, $at) = @_;
            socket(my $l, $family, SOCK_DGRAM, 0) or return; bind($l, $at) or return; socket(my $c, $family, SOCK_DGRAM, 0);
            send($c, "hello", 0, $at); recv($l, my $got, 5, 0); }
        while (<STDIN>) { for my $round (1..3) {
            open(my $f, '<', '/dev/null'); sysread($f, my $got, 1); close($f);
            open($f, '<', '/proc/sys/kernel/ostype'); sysread($f, $got, 10); close($f);
            system('/bin/true'); getaddrinfo('localhost', '80');
            tcp(PF_INET, pack_sockaddr_in(4242, INADDR_LOOPBACK)); tcp(PF_INET6, pack_sockaddr_in6(4243, Socket::IN6ADDR_LOOPBACK)); tcp(PF_UNIX, pack_sockaddr_un("\0bee-$$-$round"));
            udp(PF_INET, pack_sockaddr_in(4244, INADDR_LOOPBACK)); udp(PF_INET6, pack_sockaddr_in6(4245, Socket::IN6ADDR_LOOPBACK)); udp(PF_UNIX, pack_sockaddr_un("\0bee-d-$$-$round"));
            if (/busy/) { my $cpu = (times)[0]; 1 while (times)[0] - $cpu < 0.05; }
        } print "done\n"; }
        """;

    private static int s_count;
    private readonly Process _process;

    public Deeds()
    {
        Name = $"bee-test-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
        Skip.If(Run("ip", "netns", "add", Name) ? null : "needs network namespaces");
        Run("ip", "-n", Name, "link", "set", "lo", "up");
        Cgroup = Path.Combine(CgroupRoot!, Name);
        try
        {
            Directory.CreateDirectory(Cgroup);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Run("ip", "netns", "delete", Name);
            Skip.If($"needs a control group of its own: {exception.Message}");
        }

        _process = Process.Start(new ProcessStartInfo(
            "sh", ["-c", $"echo $$ > {Cgroup}/cgroup.procs && exec nsenter --net=/run/netns/{Name} perl -e \"$1\"", "sh", Script])
        { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Expect("ready");
    }

    /// <summary>Why the process cannot run here; null if it can.</summary>
    internal static string? Missing { get; } = CgroupRoot is null ? "needs a control group file system (v2)"
        : Array.Find(["ip", "nsenter", "perl"], tool => SearchPath.Find(tool) is null) is { } lacking ? $"needs {lacking}"
        : null;

    /// <summary>The network namespace.</summary>
    public string Name { get; }

    /// <summary>The control group's folder.</summary>
    public string Cgroup { get; }

    /// <summary>The process.</summary>
    public int Id => _process.Id;

    private static string? CgroupRoot => File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')).FirstOrDefault(mount => mount[2] == "cgroup2")?[1];

    /// <summary>Performs all actions. The process stays until it is disposed.</summary>
    /// <param name="isBusy">Whether it also uses processor time, which takes a while.</param>
    public void Do(bool isBusy)
    {
        _process.StandardInput.WriteLine(isBusy ? "busy" : "");
        Expect("done");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Run("ip", "netns", "delete", Name);
        Wait.UntilRemoved(Cgroup);
    }

    private void Expect(string line)
    {
        var read = _process.StandardOutput.ReadLineAsync();
        Assert.True(read.Wait(Wait.Limit) && read.Result == line, $"expected '{line}'");
    }

    private static bool Run(string tool, params string[] arguments)
    {
        using var process = Process.Start(tool, arguments);
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
