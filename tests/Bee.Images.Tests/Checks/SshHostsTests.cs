using System.Diagnostics;

namespace Bee.Images.Tests;

/// <summary>The hosts that other tests use.</summary>
public sealed class SshHostsTests
{
    [SshFact]
    public void Kill_a_host_ends_its_sessions_and_their_processes_and_no_other_host()
    {
        using var hosts = new SshHosts(BeeModule.Root, ["one", "two"]);
        using Process first = Start(hosts, "one");
        using Process second = Start(hosts, "two");
        IReadOnlyList<int> ids = hosts.Processes("one");
        Assert.NotEmpty(ids);

        hosts.Kill("one");

        first.WaitForExit();
        Assert.NotEqual(0, first.ExitCode);
        Assert.DoesNotContain(ids, IsRunning);
        Assert.Empty(hosts.Processes("one"));
        second.StandardInput.WriteLine("echo alive");
        Assert.Equal("alive", second.StandardOutput.ReadLine());
        second.StandardInput.Close();
        second.WaitForExit();
    }

    private static bool IsRunning(int id)
    {
        try
        {
            return !File.ReadAllText($"/proc/{id}/stat").Split(") ")[^1].StartsWith('Z');
        }
        catch (IOException)
        {
            return false;
        }
    }

    // Starts a shell on a host, with a background process that the end of the session does not end.
    private static Process Start(SshHosts hosts, string name)
    {
        var client = Process.Start(new ProcessStartInfo(Path.Combine(hosts.ClientFolder, "ssh"), [name, "setsid sleep 60 </dev/null >/dev/null 2>&1 & exec sh"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        client.StandardInput.WriteLine("echo ready");
        Assert.Equal("ready", client.StandardOutput.ReadLine());
        return client;
    }
}
